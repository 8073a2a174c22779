import { describe, expect, test } from "vitest";
import { isWhole, keyOf, learn, MOST_ROWS, nothingKnown, select, stateOf, type Happening } from "../src/journal";
import type { Brief, Waiting } from "../src/types";

function brief(change: Partial<Brief> = {}): Brief {
  return {
    number: 1, at: 0, method: "POST", host: "api.openai.com", path: "/v1/chat/completions", endpoint: "chat.completions",
    model: "gpt-4o", stream: false, user_text: "Hello", rule: "hello", unmatched: null, unsupported: false,
    upstream: null, status: 200, ending: { how: "whole", seconds: 0, bytes_sent: 1, sends: 1 }, ...change,
  } as Brief;
}

const UNMATCHED = { rule: null, unmatched: "No rule matches.", status: 400 };

function exchange(change: Partial<Brief> = {}, session = "one"): Happening {
  return { kind: "exchange", session, name: "abcd", brief: brief(change) };
}

describe("what the page knows", () => {
  test("an exchange that goes on stays where it is", () => {
    const known = nothingKnown();
    learn(known, [exchange({ ending: null }), exchange({ number: 2 }), exchange()]);

    expect(known.rows.map((row) => [row.brief.number, stateOf(row.brief)])).toEqual([[1, "answered"], [2, "answered"]]);
  });

  test("each session counts what was answered and what no rule matched", () => {
    const known = nothingKnown();
    learn(known, [exchange(), exchange({ number: 2, ...UNMATCHED }), exchange({}, "two"), exchange({}, "two")]);

    const counts = [...known.lanes.values()].map(({ answered, unmatched }) => [answered, unmatched]);
    expect(counts).toEqual([[1, 1], [1, 0]]);
  });

  test("a request that waits is no longer known as waiting once it is answered", () => {
    const known = nothingKnown();
    const waits = { ...UNMATCHED, status: 0, ending: null };
    learn(known, [exchange(waits), { kind: "waiting", session: "one", name: "abcd", request: { number: 1 } as Waiting }]);
    expect([known.waiting.size, known.lanes.get("one")?.waiting, known.lanes.get("one")?.answered]).toEqual([1, 1, 0]);

    learn(known, [exchange({ ...UNMATCHED, status: 200 })]);
    expect([known.waiting.size, known.lanes.get("one")?.waiting, known.lanes.get("one")?.answered]).toEqual([0, 0, 1]);
  });

  test("a list that is older than the news takes nothing back", () => {
    const known = nothingKnown();
    const waits = { number: 2, ...UNMATCHED, status: 0, ending: null };
    const listed = (happening: Happening) => ({ ...happening, isListed: true }) as Happening;
    const waiting: Happening = { kind: "waiting", session: "one", name: "abcd", request: { number: 2 } as Waiting };
    learn(known, [exchange(), exchange({ ...waits, status: 200 }), exchange({ number: 3, ending: null })]);

    learn(known, [exchange({ ending: null }), exchange(waits), exchange({ number: 3 }), waiting].map(listed));
    expect(known.rows.map((row) => stateOf(row.brief))).toEqual(["answered", "sending", "answered"]);
    expect(known.waiting.size).toBe(0);

    // The server was started again, and has another exchange of that number.
    learn(known, [exchange({ ...waits, at: 9 }), waiting].map(listed));
    expect([stateOf(known.rows[1]!.brief), known.waiting.size]).toEqual(["waiting", 1]);
  });

  test("after a reset a session begins anew, and others stay", () => {
    const known = nothingKnown();
    learn(known, [exchange(), exchange({}, "two"), { kind: "reset", session: "one" }, exchange({ number: 1 })]);

    expect(known.rows.map((row) => row.session)).toEqual(["two", "one"]);
    expect(known.places.get(keyOf("one", 1))).toBe(1);
    expect(known.lanes.get("one")?.answered).toBe(1);
  });

  test("of very many exchanges the oldest are dropped, also if they came last, and the others are found", () => {
    const known = nothingKnown();
    const last = MOST_ROWS * 1.1 + 1;
    learn(known, [exchange({ number: last, at: last })]);
    learn(known, Array.from({ length: last - 1 }, (_, at) => exchange({ number: at + 1, at: at + 1 })));

    expect(known.rows.length).toBe(MOST_ROWS);
    expect(known.rows[known.places.get(keyOf("one", last)) ?? -1]?.brief.number).toBe(last);
  });
});

test("a session is known whole when all is known that the server keeps of it", () => {
  const known = nothingKnown();
  learn(known, [exchange({ number: 4 }), exchange({ number: 5 })]);
  const isKnown = (recorded: number, first_kept: number) => isWhole(known, { session: "one", recorded, first_kept });

  expect([isKnown(5, 3), isKnown(5, 4), isKnown(5, 5)]).toEqual([false, true, true]);
  expect(isWhole(known, { session: "two", recorded: 0, first_kept: 1 })).toBe(true);
});

describe("the state of an exchange", () => {
  test.each([
    ["answered", {}],
    ["unmatched", UNMATCHED],
    ["answered", { ...UNMATCHED, status: 200 }],
    ["failed", { status: 500 }],
    ["sending", { ending: null }],
    ["waiting", { ...UNMATCHED, status: 0, ending: null }],
    ["left", { ending: { how: "client_left", seconds: 0, bytes_sent: 0, sends: 0 } as unknown as Brief["ending"] }],
    ["failed", { ending: { how: "server_ended", seconds: 0, bytes_sent: 0, sends: 0 } as unknown as Brief["ending"] }],
    ["failed", { ending: { how: "cut", seconds: 0, bytes_sent: 0, sends: 0 } as unknown as Brief["ending"] }],
  ] as [string, Partial<Brief>][])("is %s", (state, change) => {
    expect(stateOf(brief(change))).toBe(state);
  });
});

describe("filters", () => {
  const known = nothingKnown();
  learn(known, [
    exchange({ user_text: "the weather in Oslo" }),
    exchange({ number: 2, ...UNMATCHED, model: "gpt-5.4" }),
    exchange({ number: 1, user_text: "Weather in Rome" }, "two"),
  ]);
  const shown = (filters: Parameters<typeof select>[1]) => select(known.rows, filters).map((row) => row.key);

  test("words are all looked for, in any case", () => {
    expect(shown({ words: "weather IN" })).toEqual(["one/1", "two/1"]);
    expect(shown({ words: "weather rome" })).toEqual(["two/1"]);
  });

  test("a session, a state and a model are selected together", () => {
    expect(shown({ session: "one" })).toEqual(["one/1", "one/2"]);
    expect(shown({ state: "unmatched" })).toEqual(["one/2"]);
    expect(shown({ session: "two", model: "gpt-5.4" })).toEqual([]);
  });
});
