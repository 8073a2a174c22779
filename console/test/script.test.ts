import schemaText from "../../docs/script.schema.json?raw";
import { describe, expect, test } from "vitest";
import { keysAt, valuesAt, type Schema } from "../src/schema";
import { stringify } from "../src/yaml";
import { findLine, placeOf } from "../src/yaml-places";

const SCRIPT = `# A comment
rules:
  - name: one
    match: {user_text: hello}
    reply: {text: Hi}
  - match:
      model: gpt-4o
    reply:
      text: |
        name: no key
        - no member
    times: 1
defaults:
  on_unmatched: error
`;

describe("the line of a problem", () => {
  test.each([
    ["rules[0].name", 2],
    ["rules[0].match.user_text", 3],
    ["rules[1]", 5],
    ["rules[1].match.model", 6],
    ["rules[1].reply.text", 8],
    ["rules[1].times", 11],
    ["defaults.on_unmatched", 13],
    ["nothing", 0],
  ])("of %s is %i", (place, line) => {
    expect(findLine(SCRIPT, place)).toBe(line);
  });
});

describe("the place of the cursor", () => {
  const at = (text: string) => placeOf(text, text.length);

  test.each([
    ["", [], true],
    ["rules:\n  - ", ["rules", 0], true],
    ["rules:\n  - name: x\n    ma", ["rules", 0], true],
    ["rules:\n  - match:\n      mo", ["rules", 0, "match"], true],
    ["rules:\n  - match: {mo", ["rules", 0, "match"], true],
    ["rules:\n  - match: {model: x, us", ["rules", 0, "match"], true],
    ["defaults:\n  on_unmatched: er", ["defaults", "on_unmatched"], false],
    ["defaults: {on_unmatched: er", ["defaults", "on_unmatched"], false],
    ["rules:\n  - reply: x\n  - ", ["rules", 1], true],
  ])("after %j", (text, steps, isKey) => {
    expect(at(text)).toEqual({ steps, isKey });
  });
});

describe("completion", () => {
  const schema = JSON.parse(schemaText) as Schema;
  const labels = (options: { label: string }[]) => options.map((option) => option.label);

  test("knows the words of a rule, of its match and of its reply", () => {
    expect(labels(keysAt(schema, ["rules", 0]))).toEqual(expect.arrayContaining(["match", "reply", "times", "faults"]));
    expect(labels(keysAt(schema, ["rules", 0, "match"]))).toEqual(expect.arrayContaining(["user_text", "model"]));
    expect(labels(keysAt(schema, ["rules", 0, "reply"]))).toEqual(expect.arrayContaining(["text", "tool_calls"]));
  });

  test("knows values of which there are few", () => {
    expect(labels(valuesAt(schema, ["defaults", "on_unmatched"]))).toEqual(expect.arrayContaining(["error", "manual"]));
  });
});

describe("YAML", () => {
  test.each([
    [{ a: "yes" }, 'a: "yes"\n'],
    [{ a: "1" }, 'a: "1"\n'],
    [{ a: 1, b: null, c: true }, "a: 1\nb: null\nc: true\n"],
    [{ a: ["x", { b: "y" }] }, 'a:\n  - x\n  - b: "y"\n'],
    [{ a: "two\nlines" }, "a: |-\n  two\n  lines\n"],
    [{ a: " space" }, 'a: " space"\n'],
    [{ a: "x: y # z" }, 'a: "x: y # z"\n'],
  ])("of %j", (value, text) => {
    expect(stringify(value)).toBe(text);
  });
});
