import { expect, test } from "vitest";
import { nameOf, pageOf, sortKinds } from "../src/stored";

test("a page asks for a kind, after the last one that is shown", () => {
  expect(pageOf("abc", "")).toBe("/_emulator/sessions/abc/resources?limit=200");
  expect(pageOf("abc", "conversation.item", 0)).toBe("/_emulator/sessions/abc/resources?limit=200&kind=conversation.item&since=0");
});

test("kinds stand in the order of their names, and a part names what it is of", () => {
  expect(sortKinds({ response: 2, file: 1 })).toEqual([["file", 1], ["response", 2]]);
  const item = { number: 3, kind: "conversation.item", id: "msg_1", of: "conv_1", bytes: 9 };
  expect([nameOf(item), nameOf({ ...item, of: "" })]).toEqual(["msg_1 of conv_1", "msg_1"]);
});
