// The SDK's helpers for Responses, which put typed events together strictly, and parse by a schema.

import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import { all, endingOf, name, OpenAI, replies, talking, zod } from "./sdk.mjs";

const { zodResponsesFunction, zodTextFormat } = zod;
const asked = { model: "gpt-4o", input: "How is the weather in Oslo?" };
const Weather = z.object({ city: z.string(), degrees: z.number() });
const oslo = { city: "Oslo", degrees: 1.5 };
const rome = { city: "Rome", degrees: 20 };
const calls = [oslo, rome].map((place) => ({ name: "weather", arguments: place }));
const shell = [
  { type: "shell_call", action: { commands: ["ls", "pwd"] } },
  { type: "shell_call_output", output: [{ outcome: { type: "exit", exit_code: 0 }, stdout: "a", stderr: "" }] },
];

const spoken = {
  text: { text: "Hello there, 世界!" },
  "no text": { text: "", finish_reason: "stop" },
  refusal: { refusal: "I cannot say." },
  "reasoning in parts": { reasoning: ["Hm.", "Well."], text: "Yes." },
  "several calls": { tool_calls: calls },
  "text and a call": { text: "I look.", tool_calls: [calls[0]] },
  "a custom call": { tool_calls: [{ name: "run", input: "ls -l" }] },
  ...Object.fromEntries(
    [
      { type: "web_search_call" },
      { type: "file_search_call" },
      { type: "code_interpreter_call", code: "print(1)" },
      { type: "image_generation_call" },
      { type: "mcp_list_tools", tools: [] },
      { type: "mcp_call", name: "roll", arguments: { sides: 6 }, output: "4" },
      { type: "mcp_approval_request", name: "roll" },
      { type: "computer_call", action: { type: "screenshot" } },
      { type: "local_shell_call" },
      ...(name === "openai" ? shell : []),
      { type: "tool_search_call" },
      { type: "tool_search_output" },
      { type: "compaction" },
    ].map((call) => [call.type, { blocks: [{ hosted_call: call }, { text: "There it is." }] }]),
  ),
};

for (const [what, reply] of Object.entries(spoken)) {
  for (const model of ["gpt-4o", "gpt-5.6"]) {
    test(`a stream of ${model} with ${what} is put together to what is stored`, async (t) => {
      const { client } = await talking(t, replies(reply));

      const stream = client.responses.stream({ ...asked, model, reasoning: { summary: "auto" } });
      const final = await stream.finalResponse();
      const stored = await client.responses.retrieve(final.id);

      assert.equal(final.status, "completed");
      assert.deepEqual(bare(final.output), bare(stored.output));
      assert.equal(final.output_text, stored.output_text);
      assert.deepEqual(final.usage, stored.usage);
    });
  }
}

/** Items without what the helper adds to them. */
function bare(output) {
  return JSON.parse(JSON.stringify(output, (key, value) => (["parsed", "parsed_arguments"].includes(key) ? undefined : value)));
}

test("typed events tell a text as it grows, numbered without a gap", async (t) => {
  const { client } = await talking(t, replies("One two three"));
  const grown = [];
  const numbers = [];
  const types = [];

  const stream = client.responses.stream(asked);
  stream.on("response.output_text.delta", ({ snapshot }) => grown.push(snapshot));
  stream.on("event", ({ type, sequence_number }) => types.push(type) && numbers.push(sequence_number));
  await stream.done();

  assert.deepEqual(grown, ["One", "One two", "One two three"]);
  assert.deepEqual(numbers, types.map((_, number) => number));
  assert.deepEqual(types, [
    ...["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"],
    ...Array(3).fill("response.output_text.delta"),
    ...["response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"],
  ]);
});

// Recorded, but not in this SDK's union of events.
const patch = { type: "apply_patch_call" };
const unknown = name === "openai" ? [patch] : [patch, ...shell];

for (const call of unknown) {
  test(`events of ${call.type} are those recorded, which this SDK does not know yet`, async (t) => {
    const { client } = await talking(t, replies({ blocks: [{ hosted_call: call }] }));

    await assert.rejects(client.responses.stream(asked).finalResponse(), /^Error: Unhandled response stream event/);
  });
}

test("arguments of several calls are put together and parsed", async (t) => {
  const { client } = await talking(t, replies({ tool_calls: calls }, { tool_calls: calls }));
  const tools = [zodResponsesFunction({ name: "weather", parameters: Weather })];
  const grown = {};

  const stream = client.responses.stream({ ...asked, tools });
  stream.on("response.function_call_arguments.delta", ({ output_index, snapshot }) => (grown[output_index] = snapshot));
  const streamed = await stream.finalResponse();
  const parsed = await client.responses.parse({ ...asked, tools });

  assert.deepEqual(grown, { 0: JSON.stringify(oslo), 1: JSON.stringify(rome) });
  for (const { output } of [streamed, parsed]) {
    assert.deepEqual(output.map((call) => call.parsed_arguments), [oslo, rome]);
    assert.equal(new Set(output.map((call) => call.call_id)).size, 2);
  }
});

test("structured output is parsed from a body and from a stream", async (t) => {
  const { client } = await talking(t, replies({ json: oslo }, { json: oslo }));
  const text = { format: zodTextFormat(Weather, "weather") };

  const parsed = await client.responses.parse({ ...asked, text });
  const streamed = await client.responses.stream({ ...asked, text }).finalResponse();

  assert.deepEqual([parsed.output_parsed, streamed.output_parsed], [oslo, oslo]);
});

test("nothing is parsed of a refusal", async (t) => {
  const { client } = await talking(t, replies({ refusal: "No." }, { refusal: "No." }));
  const text = { format: zodTextFormat(Weather, "weather") };

  const parsed = await client.responses.parse({ ...asked, text });
  const streamed = await client.responses.stream({ ...asked, text }).finalResponse();

  for (const each of [parsed, streamed]) {
    assert.equal(each.output_parsed, null);
    assert.deepEqual(each.output[0].content.map(({ type, refusal }) => [type, refusal]), [["refusal", "No."]]);
  }
});

test("log probabilities are put together", async (t) => {
  const { client } = await talking(t, replies("One two"));

  const stream = client.responses.stream({ ...asked, include: ["message.output_text.logprobs"], top_logprobs: 2 });
  const { logprobs } = (await stream.finalResponse()).output[0].content[0];

  assert.deepEqual(logprobs.map(({ token, top_logprobs }) => [token, top_logprobs.length]), [["One", 2], [" two", 2]]);
});

test("a summary of what the model thought is told in parts", async (t) => {
  const { client } = await talking(t, replies(spoken["reasoning in parts"]));
  const told = [];

  const stream = client.responses.stream({ ...asked, model: "gpt-5", reasoning: { summary: "detailed" } });
  stream.on("response.reasoning_summary_text.done", ({ summary_index, text }) => told.push([summary_index, text]));
  const { output } = await stream.finalResponse();

  assert.deepEqual(told, [[0, "Hm."], [1, "Well."]]);
  assert.deepEqual(output[0].summary.map(({ text }) => text), ["Hm.", "Well."]);
});

for (const [finish_reason, reason] of [["length", "max_output_tokens"], ["content_filter", "content_filter"]]) {
  test(`an answer that ends with ${finish_reason} is incomplete`, async (t) => {
    const cut = { text: "This is too", finish_reason };
    const { client } = await talking(t, replies(cut, cut));

    const streamed = await client.responses.stream(asked).finalResponse();
    const whole = await client.responses.create(asked);

    for (const each of [streamed, whole]) {
      assert.deepEqual([each.status, each.incomplete_details, each.output_text], ["incomplete", { reason }, "This is too"]);
      assert.equal(each.output[0].status, "incomplete");
    }
  });
}

test("an error in a stream is raised", async (t) => {
  const fault = { error_event: { at: 6, message: "Broken.", code: "server_error" } };
  const { client } = await talking(t, { rules: [{ reply: "This will fail.", faults: [fault] }] });

  const broken = (error) => error instanceof OpenAI.OpenAIError && /Broken\./.test(error.message);
  await assert.rejects(client.responses.stream(asked).finalResponse(), broken);
  await assert.rejects(async () => all(await client.responses.create({ ...asked, stream: true })), broken);
});

test("a response in the background is polled to its end, and told again from any event", async (t) => {
  const { client } = await talking(t, replies("Hello there"));

  const made = await client.responses.create({ ...asked, background: true });
  const statuses = [made.status];
  while (["queued", "in_progress"].includes(statuses.at(-1))) {
    statuses.push((await client.responses.retrieve(made.id)).status);
  }
  const events = await all(client.responses.stream({ response_id: made.id, starting_after: 3 }));
  const final = await client.responses.stream({ response_id: made.id }).finalResponse();

  assert.deepEqual(statuses, ["queued", "in_progress", "completed"]);
  assert.equal(events[0].sequence_number, 4);
  assert.equal(final.output_text, "Hello there");
});

test("a response that was taken fails where it is looked at, and a stream of it is an error", async (t) => {
  const error = { code: "server_error", message: "The model gave up." };
  const failure = { failure: { taken: true, ...error } };
  const { client } = await talking(t, replies(failure, failure));

  const made = await client.responses.create({ ...asked, background: true });
  const polled = [await client.responses.retrieve(made.id), await client.responses.retrieve(made.id)];

  assert.deepEqual([made, ...polled].map(({ status }) => status), ["queued", "in_progress", "failed"]);
  assert.deepEqual(polled[1].error, error);
  await assert.rejects(client.responses.stream(asked).finalResponse(), /The model gave up\./);
});

test("a response in the background is cancelled", async (t) => {
  const { client } = await talking(t, replies("Hello there"));

  const made = await client.responses.create({ ...asked, background: true });

  assert.equal((await client.responses.cancel(made.id)).status, "cancelled");
  assert.equal((await client.responses.retrieve(made.id)).status, "cancelled");
});

test("a loop of calls goes on from response to response", async (t) => {
  const { client } = await talking(t, {
    rules: [
      { match: { tool_result: { name: "weather", pattern: "rain" } }, reply: "Take an umbrella." },
      { reply: { tool_calls: [calls[0]] } },
    ],
  });

  const first = await client.responses.create({ ...asked, model: "gpt-5.6" });
  const call = first.output.find(({ type }) => type === "function_call");
  const result = { type: "function_call_output", call_id: call.call_id, output: "rain" };
  const byId = await client.responses.create({ model: "gpt-5.6", previous_response_id: first.id, input: [result] });
  const byHand = await client.responses.create({
    model: "gpt-5.6",
    input: [{ role: "user", content: asked.input }, ...first.output, result],
  });

  assert.deepEqual([byId.output_text, byHand.output_text], ["Take an umbrella.", "Take an umbrella."]);
});

// Only this SDK has a runner for Responses.
for (const stream of name === "openai" ? [false, true] : []) {
  test(`functions are run to the end, ${stream ? "streamed" : "in one piece"}`, async (t) => {
    const { ResponsesToolRunner, runnerFunction } = await import("openai/helpers/responses-tool-runner");
    const { client } = await talking(t, replies({ tool_calls: calls }, "Fine."));
    const ran = [];
    const weather = zodResponsesFunction({
      name: "weather",
      parameters: Weather,
      function: ({ city }) => ran.push(city) && `Fine in ${city}`,
    });

    const runner = new ResponsesToolRunner({ functions: [runnerFunction(weather)] });
    const final = await runner.run(client, { ...asked, model: "gpt-5.6" }, { stream });

    assert.deepEqual([ran, final.output_text], [["Oslo", "Rome"], "Fine."]);
  });
}

test("a stream that is left half way is stopped", async (t) => {
  const { client, session } = await talking(t, { rules: [{ reply: "word ".repeat(500), stream: { tokens_per_second: 50 } }] });
  let seen = 0;

  for await (const _ of client.responses.stream(asked)) if (++seen === 8) break;

  assert.equal(await endingOf(session), "client_left");
});
