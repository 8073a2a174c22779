// The messages of a WebSocket connection as they are read: those of one answer together.
import { isObject, listOf, textOf, type Fields } from "./json";
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
  /** What is said in it. */
  words: string;
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
    const gist = gistOf(by, exchange, body);
    if (before?.by === by && before.exchange === exchange && before.gist === gist && (exchange !== null || isSound(gist))) {
      before.count += 1;
      before.bytes += bytes;
    } else groups.push({ after: Math.max(0, at - begun), by, gist, words: wordsOf(body), exchange, count: 1, bytes, body });
  }
  return groups;
}

function gistOf(by: string, exchange: number | null, body: unknown): string {
  if (exchange !== null) return by === "client" ? `began request ${exchange}` : `answer of request ${exchange}`;
  return typeOf(body) ?? "message";
}

/** Of a long message only the beginning is kept, as text. */
function typeOf(body: unknown): string | null {
  if (isObject(body)) return textOf(body.type) || null;
  return /"type":\s*"([\w.]+)"/.exec(textOf(body))?.[1] ?? null;
}

/** A piece of sound comes many times a second. */
function isSound(type: string): boolean {
  return /audio.*\.(append|delta)$/.test(type);
}

function wordsOf(body: unknown): string {
  if (!isObject(body)) return "";
  const type = textOf(body.type);
  if (isObject(body.event)) return [textOf(body.event.type), wordsOf(body.event)].filter(Boolean).join(": ");
  if (isObject(body.error)) return textOf(body.error.message);
  if (isObject(body.item)) return wordsOfItem(body.item);
  return textOf(body.content) || textOf(body.transcript) || (isSound(type) ? "" : textOf(body.delta));
}

function wordsOfItem(item: Fields): string {
  const said = listOf(item.content).map((part) => textOf(part.text) || textOf(part.transcript));
  return said.join(" ") || textOf(item.output) || (item.name ? `${textOf(item.name)}(${textOf(item.arguments)})` : "");
}
