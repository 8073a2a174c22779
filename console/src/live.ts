// The one connection on which everything is told that happens, and what the page knows because of it.
import { batch, signal } from "@preact/signals";
import { ask, NO_TOKEN, pathOf } from "./api";
import { learn, nothingKnown, type Happening } from "./journal";
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

interface ShownSession {
  session: string;
  name: string;
  recorded: number;
  first_kept: number;
  unused_rules: number;
  rules: number;
  waiting: number[];
}

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

export function follow(): void {
  const source = new EventSource("/_emulator/live");
  const on = <T extends SessionEvent>(name: string, told: (event: T) => void) =>
    source.addEventListener(name, (event) => {
      const data = JSON.parse((event as MessageEvent<string>).data) as T;
      told({ ...data, session: data.session || NO_TOKEN });
    });
  source.addEventListener("open", () => {
    connection.value = "open";
    void loadAll();
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
  const data = listed.data.map((each) => ({ ...each, session: each.session || NO_TOKEN }));
  batch(() => {
    for (const { session, name, unused_rules } of data) take({ kind: "unused", session, name, unused: unused_rules });
  });
  return data;
}

/** Load all that is kept, the sessions that changed last first. */
async function loadAll(): Promise<void> {
  try {
    const sessions = await loadSessions();
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
    for (const brief of page.data) take({ kind: "exchange", session, name, brief });
    since = page.data.at(-1)?.number ?? since;
    if (!page.has_more) break;
  }
  if (waiting.length) {
    const { data } = await ask<{ data: Waiting[] }>(pathOf(session, "waiting"));
    for (const request of data) take({ kind: "waiting", session, name, request });
  }
}

/** Put what was loaded session by session into the order of time. */
function sortRows(): void {
  learnComing();
  known.rows.sort((one, other) => one.brief.at - other.brief.at || one.brief.number - other.brief.number);
  known.places = new Map(known.rows.map((row, at) => [row.key, at]));
  version.value += 1;
}

export function fail(error: unknown): void {
  problem.value = error instanceof Error ? error.message : String(error);
}
