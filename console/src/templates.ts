// Templates of answers: some that everybody needs, and those that this browser keeps.
import { signal } from "@preact/signals";
import type { Form } from "./reply-form";

export interface Template {
  name: string;
  form: Partial<Form>;
  isOwn: boolean;
}

const GIVEN: Template[] = [
  { name: "yes", form: { kind: "text", text: "Yes." }, isOwn: false },
  { name: "rate limit (429)", form: { kind: "error", status: 429, message: "", code: "rate_limit_exceeded" }, isOwn: false },
  { name: "no quota (429)", form: { kind: "error", status: 429, message: "", code: "insufficient_quota" }, isOwn: false },
  { name: "server error (500)", form: { kind: "error", status: 500, message: "", code: "" }, isOwn: false },
  { name: "overloaded (503)", form: { kind: "error", status: 503, message: "", code: "" }, isOwn: false },
];
const KEY = "templates";

function readOwn(): Template[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as Template[];
  } catch {
    return [];
  }
}

export const templates = signal<Template[]>([...GIVEN, ...readOwn()]);

function keep(own: Template[]): void {
  localStorage.setItem(KEY, JSON.stringify(own));
  templates.value = [...GIVEN, ...own];
}

export function saveTemplate(name: string, form: Form): void {
  keep([...readOwn().filter((each) => each.name !== name), { name, form, isOwn: true }]);
}

export function removeTemplate(name: string): void {
  keep(readOwn().filter((each) => each.name !== name));
}
