// The SDK's helpers for chat completions, which put streams together strictly, run tools, and parse by a schema.

import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import { all, endingOf, name, OpenAI, replies, talking, zod } from "./sdk.mjs";

const { zodFunction, zodResponseFormat } = zod;
const messages = [{ role: "user", content: "How is the weather in Oslo?" }];
const asked = { model: "gpt-4o", messages };
const Weather = z.object({ city: z.string(), degrees: z.number() });
const oslo = { city: "Oslo", degrees: 1.5 };
const rome = { city: "Rome", degrees: 20 };
const tools = [zodFunction({ name: "weather", parameters: Weather })];
const calls = [oslo, rome].map((place) => ({ name: "weather", arguments: place }));

test("a stream is put together to what the body says", async (t) => {
  const { client } = await talking(t, replies("Hello there", "Hello there"));

  const stream = client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
  const streamed = await stream.finalChatCompletion();
  const whole = await client.chat.completions.create(asked);

  assert.equal(await stream.finalContent(), "Hello there");
  assert.equal((await stream.finalMessage()).role, "assistant");
  assert.equal((await stream.totalUsage()).total_tokens, whole.usage.total_tokens);
  assert.deepEqual(streamed.usage, whole.usage);
  assert.equal(streamed.choices[0].message.content, whole.choices[0].message.content);
  assert.equal(streamed.choices[0].finish_reason, whole.choices[0].finish_reason);
});

test("callbacks are told of a stream in order", async (t) => {
  const { client } = await talking(t, replies("One two three"));
  const names = ["connect", "content.done", "chatCompletion", "message", "finalMessage", "finalContent", "end", "error"];
  const told = [];
  const grown = [];

  const stream = client.chat.completions.stream(asked);
  for (const name of names) stream.on(name, () => told.push(name));
  stream.on("content.delta", ({ snapshot }) => grown.push(snapshot));
  await stream.done();

  assert.deepEqual(grown.filter(Boolean), ["One", "One two", "One two three"]);
  assert.deepEqual(told.toSorted(), names.filter((name) => name !== "error").toSorted());
  assert.deepEqual([told[0], told[1], told.at(-1)], ["connect", "content.done", "end"]);
});

test("a refusal is put together, and nothing is parsed of it", async (t) => {
  const { client } = await talking(t, replies({ refusal: "I cannot say." }, { refusal: "I cannot say." }));
  const response_format = zodResponseFormat(Weather, "weather");
  const told = [];

  const stream = client.chat.completions.stream({ ...asked, response_format });
  stream.on("refusal.delta", ({ delta }) => told.push(delta));
  stream.on("refusal.done", ({ refusal }) => told.push({ refusal }));
  const { refusal, content, parsed } = (await stream.finalChatCompletion()).choices[0].message;
  const whole = (await client.chat.completions.parse({ ...asked, response_format })).choices[0].message;

  assert.deepEqual({ refusal, content, parsed: parsed ?? null }, { refusal: "I cannot say.", content: null, parsed: null });
  assert.deepEqual([whole.refusal, whole.parsed], ["I cannot say.", null]);
  assert.deepEqual(told.filter(Boolean), ["I", " cannot", " say", ".", { refusal: "I cannot say." }]);
});

test("log probabilities of a stream are put together", async (t) => {
  const { client } = await talking(t, replies("One two", { refusal: "No way" }));
  const told = [];

  const stream = client.chat.completions.stream({ ...asked, logprobs: true, top_logprobs: 2 });
  stream.on("logprobs.content.delta", ({ content }) => told.push(...content.map(({ token }) => token)));
  const spoken = (await stream.finalChatCompletion()).choices[0].logprobs;
  const refused = await client.chat.completions.stream({ ...asked, logprobs: true }).finalChatCompletion();

  assert.deepEqual(told, ["One", " two"]);
  assert.deepEqual(spoken.content.map(({ token, top_logprobs }) => [token, top_logprobs.length]), [["One", 2], [" two", 2]]);
  assert.deepEqual(refused.choices[0].logprobs.refusal.map(({ token }) => token), ["No", " way"]);
});

test("two choices of a stream are told apart", async (t) => {
  const { client } = await talking(t, replies({ choices: [{ text: "yes" }, { text: "no" }] }));

  const { choices } = await client.chat.completions.stream({ ...asked, n: 2 }).finalChatCompletion();

  assert.deepEqual(choices.map(({ index, message }) => [index, message.content]), [[0, "yes"], [1, "no"]]);
});

test("streamed calls are put together and parsed", async (t) => {
  const { client } = await talking(t, replies({ text: "I look.", tool_calls: calls }, { tool_calls: calls }));
  const told = [];

  const stream = client.chat.completions.stream({ ...asked, tools });
  stream.on("tool_calls.function.arguments.done", (call) => told.push([call.index, call.name, call.parsed_arguments]));
  const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0];
  const whole = await client.chat.completions.parse({ ...asked, tools });

  assert.deepEqual(told, [[0, "weather", oslo], [1, "weather", rome]]);
  assert.deepEqual([message.content, finish_reason], ["I look.", "tool_calls"]);
  assert.deepEqual(message.tool_calls.map((call) => call.function.parsed_arguments), [oslo, rome]);
  assert.deepEqual(whole.choices[0].message.tool_calls.map((call) => call.function.parsed_arguments), [oslo, rome]);
  assert.equal((await stream.finalFunctionToolCall()).arguments, JSON.stringify(rome));
  assert.equal(new Set(message.tool_calls.map(({ id }) => id)).size, 2);
});

test("a model that reasons is put together without log probabilities", async (t) => {
  const { client } = await talking(t, replies({ reasoning: "Hm.", text: "Yes." }));

  const stream = client.chat.completions.stream({ ...asked, model: "gpt-5", stream_options: { include_usage: true } });
  const { choices, usage } = await stream.finalChatCompletion();

  assert.deepEqual([choices[0].message.content, choices[0].logprobs ?? null], ["Yes.", null]);
  assert.ok(usage.completion_tokens_details.reasoning_tokens > 0);
});

test("structured output is parsed from a body and from a stream", async (t) => {
  const { client } = await talking(t, replies({ json: oslo }, { json: oslo }));
  const response_format = zodResponseFormat(Weather, "weather");

  const parsed = await client.chat.completions.parse({ ...asked, response_format });
  const stream = client.chat.completions.stream({ ...asked, response_format });
  const done = stream.emitted("content.done");
  const streamed = await stream.finalChatCompletion();

  assert.deepEqual(parsed.choices[0].message.parsed, oslo);
  assert.deepEqual(streamed.choices[0].message.parsed, oslo);
  assert.deepEqual((await done).parsed, oslo);
});

for (const [finish_reason, error] of [
  ["length", OpenAI.LengthFinishReasonError],
  ["content_filter", OpenAI.ContentFilterFinishReasonError],
]) {
  test(`structured output that ends with ${finish_reason} is an error`, async (t) => {
    const cut = { text: '{"city": "Os', finish_reason };
    const { client } = await talking(t, replies(cut, cut));
    const response_format = zodResponseFormat(Weather, "weather");

    await assert.rejects(client.chat.completions.parse({ ...asked, response_format }), named);
    await assert.rejects(client.chat.completions.stream({ ...asked, response_format }).finalChatCompletion(), named);

    function named(thrown) {
      return error ? thrown instanceof error : thrown.constructor.name.includes("FinishReasonError");
    }
  });
}

for (const stream of [false, true]) {
  test(`tools are run to the end, ${stream ? "streamed" : "in one piece"}`, async (t) => {
    const { client, session } = await talking(t, replies({ tool_calls: calls }, { tool_calls: [calls[0]] }, "It is 1.5 degrees."));
    const ran = [];
    const told = [];
    const weather = zodFunction({
      name: "weather",
      parameters: Weather,
      function: ({ city }) => ran.push(city) && `Fine in ${city}`,
    });

    const runner = client.chat.completions.runTools({
      ...asked,
      tools: [weather],
      ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    });
    for (const name of ["functionToolCall", "functionToolCallResult", "chatCompletion"]) runner.on(name, () => told.push(name));
    const content = await runner.finalContent();

    assert.equal(content, "It is 1.5 degrees.");
    assert.deepEqual(ran, ["Oslo", "Rome", "Oslo"]);
    assert.deepEqual(
      runner.messages.map(({ role }) => role),
      ["user", "assistant", "tool", "tool", "assistant", "tool", "assistant"],
    );
    assert.equal(told.filter((name) => name === "functionToolCallResult").length, 3);
    assert.equal(runner.allChatCompletions().length, 3);
    assert.equal(await runner.finalFunctionToolCallResult(), "Fine in Oslo");
    const spent = runner.allChatCompletions().map(({ usage }) => usage.total_tokens);
    assert.equal((await runner.totalUsage()).total_tokens, spent[0] + spent[1] + spent[2]);
    assert.deepEqual((await session.requests()).map((each) => each.stream), [stream, stream, stream]);
  });
}

test("a stream survives being handed on", async (t) => {
  const { client } = await talking(t, replies("Hello there"));

  const readable = client.chat.completions.stream(asked).toReadableStream();
  const { ChatCompletionStream } = await import(`${name}/lib/ChatCompletionStream`);

  assert.equal(await ChatCompletionStream.fromReadableStream(readable).finalContent(), "Hello there");
});

test("speech is put together from a stream", async (t) => {
  const { client } = await talking(t, replies("Hello there"));
  const audio = { voice: "alloy", format: "pcm16" };

  const chunks = await all(
    await client.chat.completions.create({ ...asked, model: "gpt-audio", modalities: ["text", "audio"], audio, stream: true }),
  );

  const heard = chunks.flatMap(({ choices }) => choices).map(({ delta }) => delta.audio ?? {});
  assert.equal(heard.map(({ transcript }) => transcript ?? "").join(""), "Hello there");
  assert.ok(Buffer.from(heard.map(({ data }) => data ?? "").join(""), "base64").length > 4_000);
});

test("a stream that is left half way is stopped", async (t) => {
  const { client, session } = await talking(t, { rules: [{ reply: "word ".repeat(500), stream: { tokens_per_second: 50 } }] });
  let seen = 0;

  for await (const _ of await client.chat.completions.create({ ...asked, stream: true })) if (++seen === 5) break;

  assert.equal(await endingOf(session), "client_left");
});

test("a helper that is aborted says so, and its stream is stopped", async (t) => {
  const { client, session } = await talking(t, { rules: [{ reply: "word ".repeat(500), stream: { tokens_per_second: 50 } }] });

  const stream = client.chat.completions.stream(asked);
  stream.on("content", () => stream.abort());

  await assert.rejects(stream.done(), OpenAI.APIUserAbortError);
  assert.ok(stream.aborted);
  assert.equal(await endingOf(session), "client_left");
});

test("an error in a stream rejects what waits for its end", async (t) => {
  const { client } = await talking(t, {
    rules: [{ reply: "This will fail.", faults: [{ error_event: { at: 3, message: "Broken.", code: "broken" } }] }],
  });

  const stream = client.chat.completions.stream(asked);
  await assert.rejects(stream.finalContent(), (error) => error instanceof OpenAI.APIError && /Broken\./.test(error.message));
});
