// What the page knows of all exchanges: a value that grows by events, and the selection that filters make of it.
import type { Brief, Ending, Waiting } from "./types";

export interface Row {
  /** Names the exchange on this page. */
  key: string;
  session: string;
  sessionName: string;
  brief: Brief;
  /** How many sends of a stream have left, while it is being sent. */
  sends?: number;
}

export interface Lane {
  id: string;
  name: string;
  answered: number;
  unmatched: number;
  /** Rules that answered nothing; null until it is known. */
  unused: number | null;
  waiting: number;
}

export interface Known {
  rows: Row[];
  places: Map<string, number>;
  lanes: Map<string, Lane>;
  waiting: Map<string, WaitingRow>;
}

export interface WaitingRow {
  session: string;
  sessionName: string;
  request: Waiting;
}

/** What happened, or, if it `isListed`, what a list says: that may be older than what is known already. */
export type Happening =
  | { kind: "exchange"; session: string; name: string; brief: Brief; isListed?: true }
  | { kind: "sent"; session: string; name: string; number: number; sends: number }
  | { kind: "waiting"; session: string; name: string; request: Waiting; isListed?: true }
  | { kind: "unused"; session: string; name: string; unused: number }
  | { kind: "reset"; session: string };

/** The most exchanges that the page keeps; the oldest go first. */
export const MOST_ROWS = 20_000;

export function nothingKnown(): Known {
  return { rows: [], places: new Map(), lanes: new Map(), waiting: new Map() };
}

export function keyOf(session: string, number: number): string {
  return `${session}/${number}`;
}

export function isUnmatched(brief: Brief): boolean {
  return brief.unmatched !== null || brief.unsupported;
}

export function endingOf(brief: Brief): Ending | null {
  return brief.ending as unknown as Ending | null;
}

/** Take what happened. The value is changed in place: there may be very many rows; a change of `version` tells of it. */
export function learn(known: Known, happenings: Iterable<Happening>): void {
  for (const each of happenings) learnOne(known, each);
  dropOldest(known);
}

function learnOne(known: Known, happening: Happening): void {
  switch (happening.kind) {
    case "exchange":
      return learnExchange(known, happening);
    case "sent": {
      const at = known.places.get(keyOf(happening.session, happening.number));
      const row = at === undefined ? undefined : known.rows[at];
      if (at !== undefined && row) known.rows[at] = { ...row, sends: happening.sends };
      return;
    }
    case "waiting": {
      const { session, name, request, isListed } = happening;
      const row = rowOf(known, keyOf(session, request.number));
      if (isListed && row && stateOf(row.brief) !== "waiting") return;
      known.waiting.set(keyOf(session, request.number), { session, sessionName: name, request });
      laneOf(known, session, name).waiting = countWaiting(known, session);
      return;
    }
    case "unused":
      laneOf(known, happening.session, happening.name).unused = happening.unused;
      return;
    case "reset":
      return forget(known, happening.session);
  }
}

function rowOf(known: Known, key: string): Row | undefined {
  const at = known.places.get(key);
  return at === undefined ? undefined : known.rows[at];
}

function learnExchange(known: Known, { session, name, brief, isListed }: Happening & { kind: "exchange" }): void {
  const key = keyOf(session, brief.number);
  const at = known.places.get(key);
  const before = rowOf(known, key);
  if (isListed && before && isOlder(brief, before.brief)) return;
  const lane = laneOf(known, session, name);
  const row: Row = { key, session, sessionName: name, brief, sends: before?.sends };
  if (at === undefined) known.places.set(key, known.rows.push(row) - 1);
  else known.rows[at] = row;
  if (before) count(lane, before.brief, -1);
  count(lane, brief, 1);
  if ((brief.status !== 0 || brief.ending) && known.waiting.delete(key)) lane.waiting = countWaiting(known, session);
}

/** Whether one is an older state of the other. After a restart of the server, another exchange has the same number. */
function isOlder(one: Brief, other: Brief): boolean {
  return one.at === other.at && progressOf(one) < progressOf(other);
}

/** How far an exchange is: without an answer, answered, ended. */
function progressOf(brief: Brief): number {
  return brief.ending ? 2 : brief.status ? 1 : 0;
}

function count(lane: Lane, brief: Brief, by: number): void {
  const state = stateOf(brief);
  if (state === "unmatched") lane.unmatched += by;
  else if (state !== "waiting") lane.answered += by;
}

function laneOf(known: Known, id: string, name: string): Lane {
  const lane = known.lanes.get(id) ?? { id, name, answered: 0, unmatched: 0, unused: null, waiting: 0 };
  known.lanes.set(id, lane);
  return lane;
}

function countWaiting(known: Known, session: string): number {
  return [...known.waiting.values()].filter((each) => each.session === session).length;
}

function forget(known: Known, session: string): void {
  keep(known, known.rows.filter((row) => row.session !== session));
  for (const [key, each] of known.waiting) if (each.session === session) known.waiting.delete(key);
  const lane = known.lanes.get(session);
  if (lane) known.lanes.set(session, { ...lane, answered: 0, unmatched: 0, unused: null, waiting: 0 });
}

function dropOldest(known: Known): void {
  // A tenth at once: each time all places change.
  if (known.rows.length <= MOST_ROWS * 1.1) return;
  sortByTime(known);
  keep(known, known.rows.slice(-MOST_ROWS));
}

export function sortByTime(known: Known): void {
  keep(known, known.rows.sort((one, other) => one.brief.at - other.brief.at || one.brief.number - other.brief.number));
}

function keep(known: Known, rows: Row[]): void {
  known.rows = rows;
  known.places = new Map(rows.map((row, at) => [row.key, at]));
}

/** How many exchanges a session had, and the number of the oldest that the server keeps. */
export interface Kept {
  session: string;
  recorded: number;
  first_kept: number;
}

/** Whether all is known that the server keeps of a session, or more. */
export function isWhole(known: Known, { session, recorded, first_kept }: Kept): boolean {
  const count = known.rows.filter((row) => row.session === session).length;
  return count > recorded - first_kept;
}

// Filters -------------------------------------------------------------------------------------------------------------

export type State = "waiting" | "sending" | "answered" | "unmatched" | "failed" | "left";

/** Say in one word how an exchange is. */
export function stateOf(brief: Brief): State {
  const ending = endingOf(brief);
  if (brief.status === 0 && ending === null) return "waiting";
  if (isUnmatched(brief) && brief.status >= 400) return "unmatched";
  if (ending === null) return "sending";
  if (ending.how === "client_left") return "left";
  return brief.status >= 400 || ["cut", "server_ended"].includes(ending.how) || brief.status === 0 ? "failed" : "answered";
}

/** The state as it is shown: a WebSocket connection is not sent, it is open. */
export function wordOf(brief: Brief): string {
  const state = stateOf(brief);
  return state === "sending" && brief.status === 101 ? "open" : state;
}

export interface Filters {
  session?: string;
  state?: string;
  endpoint?: string;
  model?: string;
  words?: string;
}

export function select(rows: readonly Row[], filters: Filters): readonly Row[] {
  const words = (filters.words ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length && !filters.session && !filters.state && !filters.endpoint && !filters.model) return rows;
  return rows.filter(
    (row) =>
      (!filters.session || row.session === filters.session) &&
      (!filters.state || isInState(row.brief, filters.state)) &&
      (!filters.endpoint || row.brief.endpoint === filters.endpoint) &&
      (!filters.model || row.brief.model === filters.model) &&
      words.every((word) => textOf(row).includes(word)),
  );
}

function isInState(brief: Brief, state: string): boolean {
  return state === "unmatched" ? isUnmatched(brief) : stateOf(brief) === state;
}

function textOf({ brief, sessionName }: Row): string {
  const parts = [brief.method, brief.path, brief.endpoint, brief.model, brief.user_text, brief.rule, brief.status];
  return `${parts.join(" ")} ${sessionName}`.toLowerCase();
}

export function valuesOf(rows: readonly Row[], of: "endpoint" | "model"): string[] {
  return [...new Set(rows.map((row) => row.brief[of]).filter((value) => value !== null))].sort();
}
