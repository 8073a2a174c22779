import { describe, expect, test } from "vitest";
import { saidIn } from "../src/answers";
import { draftRule, toCurl, toHar, toNode, toPython } from "../src/copies";
import { buildReply, formOf, type Form } from "../src/reply-form";
import type { Full } from "../src/types";

const NO_ANSWER = { headers: {}, wait_before_head: 0 };

function full(change: Partial<Full> = {}): Full {
  return {
    number: 7, at: 0, method: "POST", host: "api.openai.com", path: "/v1/chat/completions", endpoint: "chat.completions",
    model: "gpt-4o", stream: false, user_text: "It's \"so\"", rule: null, unmatched: "x", unsupported: false, upstream: null,
    status: 400, ending: null, tokens: null, cost_usd: null, prompt: null, connection: { http_version: "HTTP/1.1" }, client: {},
    request: {
      query: [], headers: { authorization: "***", "content-type": "application/json", "x-stainless-lang": "js", "x-mine": "1" },
      body: { model: "gpt-4o", stream: true, n: null, messages: [{ role: "user", content: "It's \"so\"" }] },
      body_bytes: 1, whole: true,
    },
    answer: { headers: {}, body: null },
    ...change,
  } as unknown as Full;
}

describe("copies", () => {
  test("a curl command has the body in quotes of the shell, and the key of the environment", () => {
    const copy = toCurl(full());

    expect(copy).toContain(`curl -X POST "$OPENAI_BASE_URL/chat/completions"`);
    expect(copy).toContain(`-H "Authorization: Bearer $OPENAI_API_KEY"`);
    expect(copy).toContain("-H 'x-mine: 1'");
    expect(copy).toContain(`It'\\''s`);
    expect(copy).not.toContain("stainless");
    expect(copy).not.toContain("***");
  });

  test("Python has Python's values", () => {
    const copy = toPython(full());

    expect(copy).toContain("client.chat.completions.create(\n    model=\"gpt-4o\",\n    stream=True,\n    n=None,\n");
    expect(copy).toContain("for event in answer:");
  });

  test("Node calls the SDK", () => {
    expect(toNode(full())).toContain("await client.chat.completions.create({");
  });

  test("an operation without a call of the SDK is asked by its path", () => {
    const copy = toPython(full({ endpoint: null, method: "GET", path: "/v1/models" }));

    expect(copy).toContain('client.get("/models"');
  });

  test("a HAR file has one entry", () => {
    const { log } = JSON.parse(toHar(full())) as { log: { version: string; entries: { request: { url: string } }[] } };

    expect([log.version, log.entries.map((entry) => entry.request.url)]).toEqual([
      "1.2",
      ["https://api.openai.com/v1/chat/completions"],
    ]);
  });

  test("a rule of an unmatched request matches its endpoint and its text", () => {
    expect(draftRule(full())).toBe(
      [
        "rules:", "  - name: request 7", "    match:", "      endpoint: chat.completions", `      text: "It's \\"so\\""`,
        "    reply:", "      text: Write the answer here.", "",
      ].join("\n"),
    );
  });
});

test("a rule of an answer of Realtime has its words and its calls, and not its sound", () => {
  const events = [
    { event: null, left: 0, value: { type: "response.output_audio_transcript.delta", delta: "Said " } },
    { event: null, left: 0, value: { type: "response.output_audio.delta", delta: "AAAA" } },
    { event: null, left: 0, value: { type: "response.output_audio_transcript.delta", delta: "so." } },
    { event: null, left: 0, value: { type: "response.output_item.done", item: { type: "function_call", name: "look", arguments: '{"a": 1}' } } },
  ];
  const rule = draftRule(full({ endpoint: "realtime", unmatched: null, answer: { ...NO_ANSWER, events } }));

  expect(rule).toContain("      text: Said so.\n");
  expect(rule).toContain("tool_calls:");
  expect(rule).toContain("a: 1");
  expect(rule).not.toContain("AAAA");
});

describe("what the model said", () => {
  test("is put together of the chunks of a stream", () => {
    const chunk = (delta: unknown) => ({ event: null, left: 0, value: { choices: [{ delta }] } });
    const events = [
      chunk({ content: "He" }),
      chunk({ content: "llo" }),
      chunk({ tool_calls: [{ index: 0, function: { name: "f", arguments: "{" } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: "}" } }] }),
      { event: null, left: 0, value: "[DONE]" },
    ];

    expect(saidIn(full({ answer: { ...NO_ANSWER, events } }))).toMatchObject({ text: "Hello", calls: [{ name: "f", arguments: "{}" }] });
  });

  test("is put together of the events of a response", () => {
    const events = [
      { event: "response.output_text.delta", left: 0, value: { type: "response.output_text.delta", delta: "Hi" } },
      {
        event: "response.completed", left: 0,
        value: { type: "response.completed", response: { usage: { input_tokens: 3, output_tokens: 4 } } },
      },
    ];
    const exchange = full({ answer: { ...NO_ANSWER, events } });

    expect(saidIn(exchange).text).toBe("Hi");
  });

  test("is an error if the answer is one", () => {
    expect(saidIn(full({ answer: { ...NO_ANSWER, body: { error: { message: "No." } } } })).error).toBe("No.");
  });
});

describe("an answer by hand", () => {
  const form: Form = {
    kind: "text", text: "Hi", tool: "f", args: '{"a": 1}', json: "[1]", status: 429, message: "", code: "c", raw: "x",
    reply: '{"echo": true}', rate: 0,
  };

  test.each([
    [{}, { text: "Hi" }],
    [{ rate: 20 }, { text: "Hi", stream: { tokens_per_second: 20 } }],
    [{ kind: "tool" }, { tool_calls: [{ name: "f", arguments: { a: 1 } }] }],
    [{ kind: "tool", args: "{" }, "The arguments are no JSON object."],
    [{ kind: "json" }, { json: [1] }],
    [{ kind: "error" }, { failure: { status: 429, code: "c" } }],
    [{ kind: "raw", status: 201 }, { raw: { status: 201, body: "x" } }],
    [{ kind: "raw", raw: "{}" }, { raw: { status: 429, json: {} } }],
    [{ kind: "reply" }, { echo: true }],
    [{ kind: "reply", reply: "[]" }, "This is no JSON object."],
  ] as [Partial<Form>, unknown][])("of %o is %o", (change, reply) => {
    expect(buildReply({ ...form, ...change })).toEqual(reply);
  });

  test.each([
    ["Hi", { text: "Hi" }],
    [{ text: "Hi" }, { text: "Hi" }],
    [{ failure: { status: 500 } }, { failure: { status: 500 } }],
    [{ failure: { status: 500, retry_after: 1 } }, { failure: { status: 500, retry_after: 1 } }],
    [{ text: "Hi", faults: [] }, { text: "Hi", faults: [] }],
    [{ echo: true }, { echo: true }],
  ])("a template of %j fills the form so that it means that", (answer, reply) => {
    expect(buildReply({ ...form, message: "", code: "", ...formOf(answer) })).toEqual(reply);
  });
});
