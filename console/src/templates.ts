// Templates of answers: some that everybody needs, and those that the people of this server keep.
import { signal } from "@preact/signals";
import { ask } from "./api";

export interface Template {
  name: string;
  answer: unknown;
}

export const GIVEN: Template[] = [
  { name: "yes", answer: { text: "Yes." } },
  { name: "rate limit (429)", answer: { failure: { status: 429, code: "rate_limit_exceeded" } } },
  { name: "no quota (429)", answer: { failure: { status: 429, code: "insufficient_quota" } } },
  { name: "server error (500)", answer: { failure: { status: 500 } } },
  { name: "overloaded (503)", answer: { failure: { status: 503 } } },
];
const PATH = "/_emulator/templates";

/** Those that were kept. */
export const kept = signal<Template[]>([]);

export async function loadTemplates(): Promise<void> {
  kept.value = (await ask<{ data: Template[] }>(PATH)).data;
}

export async function keepTemplate(name: string, answer: unknown): Promise<void> {
  await ask(PATH, { name, answer });
  await loadTemplates();
}

export async function removeTemplate(name: string): Promise<void> {
  await ask(`${PATH}/${encodeURIComponent(name)}`, undefined, "DELETE");
  await loadTemplates();
}
