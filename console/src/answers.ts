// What a model said, read from an answer of any of the endpoints: whole, or as the events of a stream so far.
import type { Full, StreamEvent } from "./types";

export interface Said {
  text: string;
  reasoning: string;
  refusal: string;
  calls: { name: string; arguments: string }[];
  error: string;
}

type Fields = Record<string, unknown>;

function nothing(): Said {
  return { text: "", reasoning: "", refusal: "", calls: [], error: "" };
}

export function saidIn(full: Pick<Full, "answer">): Said {
  const events = full.answer.events as StreamEvent[] | undefined;
  return events ? ofEvents(events) : ofBody(full.answer.body);
}

function isObject(value: unknown): value is Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function ofBody(body: unknown): Said {
  const said = nothing();
  if (!isObject(body)) return { ...said, text: textOf(body) };
  if (isObject(body.error)) said.error = textOf(body.error.message);
  for (const choice of listOf(body.choices)) {
    if (typeof choice.text === "string") said.text += choice.text;
    if (isObject(choice.message)) addMessage(said, choice.message);
  }
  for (const item of listOf(body.output)) addItem(said, item);
  return said;
}

function addMessage(said: Said, message: Fields): void {
  said.text += textOf(message.content);
  said.refusal += textOf(message.refusal);
  said.reasoning += textOf(message.reasoning_content);
  for (const call of listOf(message.tool_calls)) {
    const named = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {};
    said.calls.push({ name: textOf(named.name), arguments: textOf(named.arguments ?? named.input) });
  }
}

function addItem(said: Said, item: Fields): void {
  if (item.type === "message") {
    for (const part of listOf(item.content)) {
      said.text += textOf(part.text);
      said.refusal += textOf(part.refusal);
    }
  } else if (item.type === "reasoning") {
    said.reasoning += listOf(item.summary).map((part) => textOf(part.text)).join("\n");
  } else if (typeof item.name === "string") {
    said.calls.push({ name: item.name, arguments: textOf(item.arguments ?? item.input) });
  } else if (item.type) {
    said.calls.push({ name: String(item.type), arguments: JSON.stringify(item.action ?? item.queries ?? {}) });
  }
}

function ofEvents(events: StreamEvent[]): Said {
  const said = nothing();
  for (const { value } of events) if (isObject(value)) addEvent(said, value);
  return said;
}

function addEvent(said: Said, event: Fields): void {
  if (isObject(event.error)) said.error = textOf(event.error.message);
  for (const choice of listOf(event.choices)) {
    if (typeof choice.text === "string") said.text += choice.text;
    if (isObject(choice.delta)) addDelta(said, choice.delta);
  }
  switch (event.type) {
    case "response.output_text.delta":
      said.text += textOf(event.delta);
      break;
    case "response.refusal.delta":
      said.refusal += textOf(event.delta);
      break;
    case "response.reasoning_summary_text.delta":
      said.reasoning += textOf(event.delta);
      break;
    case "response.output_item.done":
      if (isObject(event.item) && event.item.type !== "message" && event.item.type !== "reasoning")
        addItem(said, event.item);
      break;
    case "error":
      said.error = textOf(event.message) || said.error;
      break;
  }
}

function addDelta(said: Said, delta: Fields): void {
  said.text += textOf(delta.content);
  said.refusal += textOf(delta.refusal);
  said.reasoning += textOf(delta.reasoning_content);
  for (const call of listOf(delta.tool_calls)) {
    const at = typeof call.index === "number" ? call.index : said.calls.length;
    const named = isObject(call.function) ? call.function : {};
    const before = said.calls[at] ?? { name: "", arguments: "" };
    said.calls[at] = { name: before.name + textOf(named.name), arguments: before.arguments + textOf(named.arguments) };
  }
}
