// The messages of a WebSocket connection as they are read: those of one answer together.
import type { Full } from "./types";

export interface TalkMessage {
  at: number;
  by: "client" | "server";
  bytes: number;
  exchange?: number;
  body?: unknown;
}

export interface Group {
  /** Seconds since the connection began. */
  after: number;
  by: "client" | "server";
  /** Of the message, or of an exchange that it is a part of. */
  gist: string;
  exchange: number | null;
  count: number;
  bytes: number;
  body: unknown;
}

export function messagesOf(full: Full): TalkMessage[] | null {
  return (full.connection as { messages?: TalkMessage[] }).messages ?? null;
}

export function groupMessages(messages: readonly TalkMessage[], begun: number): Group[] {
  const groups: Group[] = [];
  for (const { at, by, bytes, exchange = null, body } of messages) {
    const before = groups.at(-1);
    if (before && exchange !== null && before.exchange === exchange && before.by === by) {
      before.count += 1;
      before.bytes += bytes;
    } else groups.push({ after: Math.max(0, at - begun), by, gist: gistOf(by, exchange, body), exchange, count: 1, bytes, body });
  }
  return groups;
}

function gistOf(by: string, exchange: number | null, body: unknown): string {
  if (exchange !== null) return by === "client" ? `began request ${exchange}` : `answer of request ${exchange}`;
  const type = (body as { type?: unknown } | null)?.type;
  return typeof type === "string" ? type : "message";
}
