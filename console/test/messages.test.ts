import { expect, test } from "vitest";
import { groupMessages } from "../src/messages";

test("the messages of an answer are one line, and all others are named by their type", () => {
  const groups = groupMessages(
    [
      { at: 10, by: "server", bytes: 5, body: { type: "session.created" } },
      { at: 11, by: "client", bytes: 7, exchange: 9 },
      { at: 11.5, by: "server", bytes: 3, exchange: 9 },
      { at: 12, by: "server", bytes: 4, exchange: 9 },
      { at: 12, by: "server", bytes: 4, exchange: 10 },
      { at: 13, by: "client", bytes: 2, body: "not JSON" },
    ],
    10,
  );

  expect(groups.map(({ after, gist, count, bytes }) => [after, gist, count, bytes])).toEqual([
    [0, "session.created", 1, 5],
    [1, "began request 9", 1, 7],
    [1.5, "answer of request 9", 2, 7],
    [2, "answer of request 10", 1, 4],
    [3, "message", 1, 2],
  ]);
});

test("pieces of sound that come after each other are one line, also if only their beginning is kept", () => {
  const sound = { type: "session.input_audio.append", audio: "AA" };
  const groups = groupMessages(
    [
      { at: 1, by: "client", bytes: 10, body: '{"type": "session.input_audio.append", "audio": "AAAA' },
      { at: 2, by: "client", bytes: 10, body: sound },
      { at: 3, by: "client", bytes: 10, body: sound },
      { at: 4, by: "server", bytes: 5, body: { type: "session.input_transcript.delta", delta: "Hello" } },
      { at: 5, by: "server", bytes: 5, body: { type: "session.input_transcript.delta", delta: " you" } },
      { at: 6, by: "client", bytes: 10, body: sound },
    ],
    1,
  );

  expect(groups.map(({ gist, count, bytes, words }) => [gist, count, bytes, words])).toEqual([
    ["session.input_audio.append", 3, 30, ""],
    ["session.input_transcript.delta", 1, 5, "Hello"],
    ["session.input_transcript.delta", 1, 5, " you"],
    ["session.input_audio.append", 1, 10, ""],
  ]);
});

test.each([
  [{ type: "session.commentary.append", content: "It arrived." }, "It arrived."],
  [{ type: "error", error: { message: "No." } }, "No."],
  [{ type: "conversation.item.create", item: { content: [{ text: "Hello" }, { transcript: "you" }] } }, "Hello you"],
  [{ type: "conversation.item.done", item: { type: "function_call", name: "look", arguments: "{}" } }, "look({})"],
  [{ type: "conversation.item.create", item: { type: "function_call_output", output: "rain" } }, "rain"],
  [{ type: "response.event", event: { type: "response.output_text.delta", delta: "It" } }, "response.output_text.delta: It"],
  [{ type: "session.created", session: {} }, ""],
])("the words of the message %o are %o", (body, words) => {
  expect(groupMessages([{ at: 1, by: "client", bytes: 1, body }], 1)[0]?.words).toBe(words);
});
