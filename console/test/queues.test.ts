import { expect, test } from "vitest";
import { gistOf, move, readList } from "../src/queues";

test.each([
  [0, 2, ["b", "c", "a"]],
  [2, 0, ["c", "a", "b"]],
  [1, 1, ["a", "b", "c"]],
  [0, 3, ["a", "b", "c"]],
  [5, 0, ["a", "b", "c"]],
])("the answer at %i moves to %i", (from, to, list) => {
  expect(move(["a", "b", "c"], from, to)).toEqual(list);
});

test("a file that is no list is refused in words", () => {
  expect(readList('[{"a": 1}]')).toEqual([{ a: 1 }]);
  expect(() => readList("{}")).toThrow("Expected a JSON list of answers.");
  expect(() => readList("[")).toThrow("This is no JSON");
});

test.each([
  [{ choices: [{ message: { content: "Hi" } }] }, "Hi"],
  [{ choices: [{ message: { content: null, tool_calls: [{ function: { name: "f" } }] } }] }, "calls f"],
  [{ error: { message: "No." } }, "No."],
  [{ a: 1 }, '{"a":1}'],
])("of %j the list says %s", (response, gist) => {
  expect(gistOf({ response, status_code: 200 })).toBe(gist);
});
