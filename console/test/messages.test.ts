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
