// The one connection on which everything is told that happens, and what the page knows because of it.
import { signal } from "@preact/signals";
import { ask, NO_TOKEN, pathOf } from "./api";
import { isWhole, learn, nothingKnown, sortByTime, type Happening, type Kept } from "./journal";
import type { Brief, ExchangeList, Waiting } from "./types";

export const known = nothingKnown();
/** Changes with what is known. */
export const version = signal(0);
export const connection = signal<"connecting" | "open" | "lost">("connecting");
/** Counts what happened to each session's script, clock and resources, so that views load again. */
export const changes = signal(0);
export const problem = signal("");

interface SessionEvent {
  session: string;
  name: string;
}

interface ShownSession extends SessionEvent, Kept {
  unused_rules: number;
  rules: number;
  waiting: number[];
}

interface Newest {
  data: ShownSession[];
  exchanges: (SessionEvent & Brief)[];
  news: string;
}

/** All that the first view shows. The page asks for it itself (`index.html`), before this script is there. */
export const FIRST = "/_emulator/sessions?exchanges=50";
const PAGE = 1000;
const SESSIONS_AT_FIRST = 200;
let coming: Happening[] = [];
let isPlanned = false;

function take(happening: Happening): void {
  coming.push(happening);
  if (isPlanned) return;
  isPlanned = true;
  // One change of the page for all that comes together.
  setTimeout(learnComing, 60);
}

function learnComing(): void {
  isPlanned = false;
  const taken = coming;
  coming = [];
  learn(known, taken);
  version.value += 1;
}

/** Load what the first view shows; return what it lacks of all that is kept, and the place in the news behind it. */
export async function loadFirst(): Promise<{ place: string; missing: ShownSession[] }> {
  const { data, exchanges, news } = await ask<Newest>(FIRST);
  const sessions = data.map(named);
  learn(known, [
    ...sessions.map(unusedOf),
    ...exchanges.map(named).map(({ session, name, ...brief }) => listed(session, name, brief as Brief)),
  ]);
  version.value += 1;
  return { place: news, missing: sessions.filter((each) => !isWhole(known, each) || each.waiting.length) };
}

/** Follow all that happens behind a place in the news. `loadRest` loads what there was before, once the news come. */
export function follow(place: string, loadRest: () => Promise<void>): void {
  const source = new EventSource(`/_emulator/live${place && `?since=${encodeURIComponent(place)}`}`);
  const on = <T extends SessionEvent>(name: string, told: (event: T) => void) =>
    source.addEventListener(name, (event) => {
      const data = JSON.parse((event as MessageEvent<string>).data) as T;
      told(named(data));
    });
  let load = loadRest;
  source.addEventListener("open", () => {
    connection.value = "open";
    void load();
    load = loadAll;
  });
  source.addEventListener("error", () => {
    connection.value = "lost";
  });
  on<SessionEvent & Brief>("exchange", ({ session, name, ...brief }) =>
    take({ kind: "exchange", session, name, brief: brief as Brief }),
  );
  on<SessionEvent & { number: number; sends: number }>("sent", ({ session, name, number, sends }) =>
    take({ kind: "sent", session, name, number, sends }),
  );
  on<SessionEvent & Waiting>("waiting", ({ session, name, ...request }) =>
    take({ kind: "waiting", session, name, request: request as Waiting }),
  );
  on<SessionEvent>("reset", ({ session }) => {
    take({ kind: "reset", session });
    planSessions();
  });
  for (const name of ["script", "clock", "resources", "queue", "templates"])
    on<SessionEvent>(name, () => {
      changes.value += 1;
      planSessions();
    });
  source.addEventListener("missed", () => void loadAll());
}

function named<T extends SessionEvent>(of: T): T {
  return { ...of, session: of.session || NO_TOKEN };
}

let isAsking = false;

/** Load the counts of sessions again, once for many changes. */
function planSessions(): void {
  if (isAsking) return;
  isAsking = true;
  setTimeout(() => {
    isAsking = false;
    void loadSessions().catch(fail);
  }, 500);
}

async function loadSessions(): Promise<ShownSession[]> {
  const listed = await ask<{ data: ShownSession[] }>("/_emulator/sessions");
  const data = listed.data.map(named);
  for (const each of data) take(unusedOf(each));
  return data;
}

function unusedOf({ session, name, unused_rules }: ShownSession): Happening {
  return { kind: "unused", session, name, unused: unused_rules };
}

function listed(session: string, name: string, brief: Brief): Happening {
  return { kind: "exchange", session, name, brief, isListed: true };
}

/** Load all that is kept. */
export async function loadAll(): Promise<void> {
  await loadJournals(loadSessions());
}

/** Load all that is kept of some sessions, those that changed last first. */
export async function loadJournals(asked: ShownSession[] | Promise<ShownSession[]>): Promise<void> {
  try {
    const sessions = await asked;
    if (!sessions.length) return;
    for (const session of sessions.slice(-SESSIONS_AT_FIRST).reverse()) await loadJournal(session);
    sortRows();
    problem.value = "";
  } catch (error) {
    fail(error);
  }
}

async function loadJournal({ session, name, waiting }: ShownSession): Promise<void> {
  let since = 0;
  for (;;) {
    const page = await ask<ExchangeList>(`${pathOf(session, "requests")}?limit=${PAGE}&since=${since}`);
    for (const brief of page.data) take(listed(session, name, brief));
    since = page.data.at(-1)?.number ?? since;
    if (!page.has_more) break;
  }
  if (waiting.length) {
    const { data } = await ask<{ data: Waiting[] }>(pathOf(session, "waiting"));
    for (const request of data) take({ kind: "waiting", session, name, request, isListed: true });
  }
}

/** Put what was loaded session by session into the order of time. */
function sortRows(): void {
  learnComing();
  sortByTime(known);
  version.value += 1;
}

export function fail(error: unknown): void {
  problem.value = error instanceof Error ? error.message : String(error);
}
