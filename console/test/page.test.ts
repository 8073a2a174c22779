import { describe, expect, test } from "vitest";
import page from "../index.html?raw";
import { refusalOf } from "../src/api";
import { bytes, duration, money, plural, sessionLabel, thousands } from "../src/format";
import { FIRST } from "../src/live";
import { readPlace, writePlace } from "../src/location";
import { summarize } from "../src/statistics";
import type { Row } from "../src/journal";
import { isAtEnd, isDrawn, rowsInSight } from "../src/virtual";

test("of ten thousand rows only those in sight are drawn", () => {
  expect(rowsInSight(10_000, 48, 48 * 5_000, 480)).toEqual({ first: 4992, end: 5018 });
  expect(rowsInSight(3, 48, 0, 480)).toEqual({ first: 0, end: 3 });
  expect(rowsInSight(0, 48, 0, 480)).toEqual({ first: 0, end: 0 });
});

test("rows are drawn again before one that is not drawn comes in sight", () => {
  const drawn = { top: 4800, height: 480 };
  const at = (top: number, height = 480) => isDrawn(drawn, { top, height }, 48);

  expect([at(4800), at(4800 - 4 * 48), at(4800 + 4 * 48), at(4900, 200)]).toEqual([true, true, true, true]);
  expect([at(4800 - 4 * 48 - 1), at(4800 + 4 * 48 + 1), at(0), at(4800, 900)]).toEqual([false, false, false, false]);
  for (const top of [4800 - 4 * 48, 4800 + 4 * 48]) {
    const { first, end } = rowsInSight(10_000, 48, drawn.top, drawn.height);
    expect(first * 48).toBeLessThanOrEqual(top);
    expect(end * 48).toBeGreaterThanOrEqual(top + 480);
  }
});

test("a list follows only at its end", () => {
  expect([isAtEnd(900, 100, 1000), isAtEnd(400, 100, 1000)]).toEqual([true, false]);
});

test("the address says what is shown, and nothing that is empty", () => {
  expect(readPlace(writePlace({ session: "a b", words: "", state: "failed" }))).toEqual({ session: "a b", state: "failed" });
  expect(writePlace({ view: "" })).toBe("");
});

test("the page itself asks for what the first view shows, before its script is there", () => {
  expect(/<link rel="preload" as="fetch" crossorigin href="([^"]+)"/.exec(page)?.[1]).toBe(FIRST);
});

test("a refusal is told in the words of the server", () => {
  expect(refusalOf(409, '{"error": {"message": "Too late.", "code": "not_waiting"}}')).toMatchObject({
    message: "Too late.", code: "not_waiting", status: 409,
  });
  expect(refusalOf(502, "gone").message).toBe("gone");
});

describe("values", () => {
  test("are read easily", () => {
    expect([duration(0), duration(0.25), duration(2.5), duration(75)]).toEqual(["0 ms", "250 ms", "2.50 s", "1 min 15 s"]);
    expect([bytes(10), bytes(2048), bytes(3 << 20)]).toEqual(["10 B", "2.0 KiB", "3.0 MiB"]);
    expect([0, 12, 0.5, 0.0012345, 0.00000005].map(money)).toEqual(["$0", "$12.00", "$0.50", "$0.00123", "$0.00000005"]);
    expect([plural(1, "rule"), plural(2000, "rule")]).toEqual(["1 rule", "2,000 rules"]);
    expect([0, 999, 1000, 1234567].map(thousands)).toEqual(["0", "999", "1,000", "1,234,567"]);
    expect([sessionLabel("abcd"), sessionLabel("127.0.0.1"), sessionLabel("")]).toEqual(["…abcd", "127.0.0.1", "no key"]);
  });
});

test("statistics count by model, status and time", () => {
  const row = (at: number, status: number, seconds: number) =>
    ({
      key: "", session: "", sessionName: "",
      brief: { at, status, tokens: status === 200 ? { prompt: 7, answer: 2 } : null, cost_usd: at ? null : 0.5, model: "m", endpoint: "e", unmatched: null, ending: { how: "whole", seconds, bytes_sent: 5, sends: 1 } },
    }) as unknown as Row;
  const statistics = summarize([row(0, 200, 1), row(5, 200, 3), row(10, 500, 2)], 2);

  expect(statistics.byStatus).toEqual([{ name: "200", count: 2 }, { name: "500", count: 1 }]);
  expect(statistics.seconds).toEqual({ median: 2, ninth: 3, most: 3 });
  expect(statistics.overTime.map(({ count, failed }) => [count, failed])).toEqual([[1, 0], [2, 1]]);
  expect(statistics.bytesSent).toBe(15);
  expect(statistics.tokens).toEqual({ prompt: 14, answer: 4 });
  expect(statistics.tokensByModel).toEqual([{ name: "m", count: 18 }]);
  expect([statistics.cost, statistics.unpriced]).toEqual([0.5, 1]);
  expect(statistics.costByModel).toEqual([{ name: "m", count: 0.5 }]);
  expect(statistics.byDuration).toEqual([{ name: "up to 1 s", count: 1 }, { name: "up to 10 s", count: 2 }]);
});
