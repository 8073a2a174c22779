// Preset queues: answers for the clients of an address, first in, first out.
import { ask } from "./api";

export interface Entry {
  response: unknown;
  status_code: number;
}

export type Queues = Record<string, Entry[]>;

const PATH = "/api/preset-queue";

function pathOf(address: string): string {
  return `${PATH}/${encodeURIComponent(address)}`;
}

export async function loadQueues(): Promise<Queues> {
  return (await ask<{ queues: Queues }>(PATH)).queues;
}

export function add(address: string, entry: Entry): Promise<unknown> {
  return ask(pathOf(address), entry);
}

export function clear(address: string): Promise<unknown> {
  return ask(address ? pathOf(address) : PATH, undefined, "DELETE");
}

/** Put a queue in the place of the one that an address has. */
export function replace(address: string, entries: readonly Entry[]): Promise<unknown> {
  return entries.length ? ask(`${pathOf(address)}/import?replace=true`, entries) : clear(address);
}

/** Add the answers of a text: a JSON list, as a file of a queue has it. */
export function importText(address: string, text: string): Promise<unknown> {
  return ask(`${pathOf(address)}/import`, readList(text));
}

/** Read a list of answers, each with or without its status. Throws an error in words. */
export function readList(text: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is no JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(value)) throw new Error("Expected a JSON list of answers.");
  return value;
}

/** Return the list with one member at another place. */
export function move<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, at) => at !== from);
  const moved = list[from];
  return moved === undefined || to < 0 || to > rest.length ? [...list] : [...rest.slice(0, to), moved, ...rest.slice(to)];
}

/** Say in a few words what an answer says. */
export function gistOf({ response }: Entry): string {
  const fields = response as {
    choices?: { message?: { content?: string | null; tool_calls?: { function?: { name?: string } }[] } }[];
    error?: { message?: string };
  } | null;
  const message = fields?.choices?.[0]?.message;
  const call = message?.tool_calls?.[0]?.function?.name;
  return message?.content || (call ? `calls ${call}` : "") || fields?.error?.message || JSON.stringify(response);
}
