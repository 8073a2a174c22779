// Counts and times of exchanges, for the view of statistics.
import { endingOf, stateOf, wordOf, type Row } from "./journal";

export interface Count {
  name: string;
  count: number;
}

export interface Statistics {
  total: number;
  byModel: Count[];
  byEndpoint: Count[];
  byStatus: Count[];
  byState: Count[];
  /** Seconds from the head to the end. */
  seconds: { median: number; ninth: number; most: number };
  /** Exchanges of each part of the time between the first and the last. */
  overTime: { at: number; count: number; failed: number }[];
  bytesSent: number;
  /** Of the answers that say how many they took. */
  tokens: { prompt: number; answer: number };
  tokensByModel: Count[];
  /** US dollars, of the answers whose price is known. */
  cost: number;
  costByModel: Count[];
  /** Answers that took tokens without a known price. */
  unpriced: number;
  /** Exchanges by the time from the head to the end, the shortest first. */
  byDuration: Count[];
}

/** Upper ends, in seconds, of the classes of times. */
const DURATIONS: [string, number][] = [
  ["up to 10 ms", 0.01],
  ["up to 100 ms", 0.1],
  ["up to 1 s", 1],
  ["up to 10 s", 10],
  ["longer", Infinity],
];

export function summarize(rows: readonly Row[], parts = 40): Statistics {
  const ended = rows.map((row) => endingOf(row.brief)).filter((ending) => ending !== null);
  const seconds = ended.map((ending) => ending.seconds).sort((one, other) => one - other);
  return {
    total: rows.length,
    byModel: count(rows, (row) => row.brief.model ?? "(no model)"),
    byEndpoint: count(rows, (row) => row.brief.endpoint ?? row.brief.path),
    byStatus: count(rows, (row) => (row.brief.status === 0 ? "no answer yet" : String(row.brief.status))),
    byState: count(rows, (row) => wordOf(row.brief)),
    seconds: { median: share(seconds, 0.5), ninth: share(seconds, 0.9), most: seconds.at(-1) ?? 0 },
    overTime: divide(rows, parts),
    tokens: {
      prompt: rows.reduce((sum, { brief }) => sum + (brief.tokens?.prompt ?? 0), 0),
      answer: rows.reduce((sum, { brief }) => sum + (brief.tokens?.answer ?? 0), 0),
    },
    tokensByModel: count(
      rows.filter(({ brief }) => brief.tokens),
      (row) => row.brief.model ?? "(no model)",
      ({ brief }) => (brief.tokens?.prompt ?? 0) + (brief.tokens?.answer ?? 0),
    ),
    cost: rows.reduce((sum, { brief }) => sum + (brief.cost_usd ?? 0), 0),
    costByModel: count(
      rows.filter(({ brief }) => brief.cost_usd !== null),
      (row) => row.brief.model ?? "(no model)",
      ({ brief }) => brief.cost_usd ?? 0,
    ),
    unpriced: rows.filter(({ brief }) => brief.tokens && brief.cost_usd === null).length,
    byDuration: DURATIONS.map(([name, end], at) => ({
      name,
      count: seconds.filter((each) => each <= end && each > (DURATIONS[at - 1]?.[1] ?? -1)).length,
    })).filter((each) => each.count > 0),
    bytesSent: ended.reduce((sum, ending) => sum + ending.bytes_sent, 0),
  };
}

function count(rows: readonly Row[], name: (row: Row) => string, weight: (row: Row) => number = () => 1): Count[] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(name(row), (counts.get(name(row)) ?? 0) + weight(row));
  return [...counts].map(([name, count]) => ({ name, count })).sort((one, other) => other.count - one.count);
}

function share(sorted: number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function divide(rows: readonly Row[], parts: number): Statistics["overTime"] {
  if (!rows.length) return [];
  const times = rows.map((row) => row.brief.at);
  const first = times.reduce((one, other) => Math.min(one, other));
  const last = times.reduce((one, other) => Math.max(one, other));
  const width = Math.max((last - first) / parts, 0.001);
  const found = Array.from({ length: parts }, (_, part) => ({ at: first + part * width, count: 0, failed: 0 }));
  for (const { brief } of rows) {
    const part = found[Math.min(parts - 1, Math.floor((brief.at - first) / width))];
    if (!part) continue;
    part.count += 1;
    if (["failed", "unmatched", "left"].includes(stateOf(brief))) part.failed += 1;
  }
  return found;
}
