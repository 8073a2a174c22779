// What a model said, read from an answer of any of the endpoints: whole, or as the events of a stream so far.
import { bytes, plural } from "./format";
import { isObject, listOf, textOf, type Fields } from "./json";
import type { Full, StreamEvent } from "./types";

export interface Said {
  text: string;
  reasoning: string;
  refusal: string;
  calls: { name: string; arguments: string }[];
  error: string;
  /** Of what is no text: sound, vectors, verdicts, tasks. */
  notes: string[];
  /** Pictures, as `data:` URLs. */
  pictures: string[];
}

function nothing(): Said {
  return { text: "", reasoning: "", refusal: "", calls: [], error: "", notes: [], pictures: [] };
}

export function saidIn(full: Pick<Full, "answer">): Said {
  const events = full.answer.events as StreamEvent[] | undefined;
  if (events) return ofEvents(events);
  const { body } = full.answer;
  if (!isObject(body) || typeof body.hex !== "string") return ofBody(body);
  const type = textOf((full.answer.headers as Fields | undefined)?.["content-type"]) || "no text";
  return { ...nothing(), notes: [`${type}, ${bytes(Number(body.bytes))}`] };
}

export function isEmpty(said: Said): boolean {
  return Object.values(said).every((each) => each.length === 0);
}

/** The whole answer, if it is an object of which nothing else is shown, such as a file or a list. */
export function objectIn(full: Pick<Full, "answer">, said: Said): Fields | null {
  const { body } = full.answer;
  return isEmpty(said) && isObject(body) ? body : null;
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
  if (!body.choices && !body.output) said.text += textOf(body.text);
  addData(said, body);
  addVerdicts(said, listOf(body.results));
  return said;
}

/** Vectors and pictures. */
function addData(said: Said, body: Fields): void {
  const data = listOf(body.data);
  const vectors = data.filter((each) => each.object === "embedding");
  if (vectors.length) said.notes.push(`${plural(vectors.length, "vector")} of ${plural(lengthOf(vectors[0]?.embedding), "number")}`);
  for (const each of data) {
    if (typeof each.b64_json === "string") said.pictures.push(toUrl(each.b64_json, body.output_format));
    else if (typeof each.url === "string") said.notes.push(`a picture at ${each.url}`);
  }
}

/** A vector comes as numbers, or as the base64 of four bytes for each. */
function lengthOf(vector: unknown): number {
  return Array.isArray(vector) ? vector.length : Math.floor((textOf(vector).replace(/=+$/, "").length * 3) / 16);
}

function toUrl(picture: string, format: unknown): string {
  return `data:image/${textOf(format) || "png"};base64,${picture}`;
}

function addVerdicts(said: Said, results: Fields[]): void {
  for (const { flagged, categories } of results.filter((each) => typeof each.flagged === "boolean")) {
    const found = Object.entries(isObject(categories) ? categories : {}).filter(([, is]) => is === true);
    said.notes.push(flagged ? `flagged: ${found.map(([name]) => name).join(", ")}` : "not flagged");
  }
}

function addMessage(said: Said, message: Fields): void {
  said.text += textOf(message.content) || wordsOfSound(message.audio);
  said.refusal += textOf(message.refusal);
  said.reasoning += textOf(message.reasoning_content);
  for (const call of listOf(message.tool_calls)) {
    const named = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {};
    said.calls.push({ name: textOf(named.name), arguments: textOf(named.arguments ?? named.input) });
  }
}

function wordsOfSound(audio: unknown): string {
  return isObject(audio) ? textOf(audio.transcript) : "";
}

function addItem(said: Said, item: Fields): void {
  if (item.type === "message") {
    for (const part of listOf(item.content)) {
      said.text += textOf(part.text) || textOf(part.transcript);
      said.refusal += textOf(part.refusal);
    }
  } else if (item.type === "reasoning") {
    said.reasoning += listOf(item.summary).map((part) => textOf(part.text)).join("\n");
  } else if (item.type === "image_generation_call" && typeof item.result === "string") {
    said.pictures.push(toUrl(item.result, item.output_format));
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
    case "response.output_audio_transcript.delta":
    case "session.output_transcript.delta":
    case "transcript.text.delta":
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
    case "session.delegation.created":
      said.notes.push(`a task for ${isObject(event.delegation) && event.delegation.target === "responses" ? "Responses" : "the application"}`);
      break;
    case "image_generation.partial_image":
    case "image_generation.completed":
    case "image_edit.partial_image":
    case "image_edit.completed":
      // Each takes the place of the one before.
      said.pictures = [toUrl(textOf(event.b64_json), event.output_format)];
      break;
    case "error":
      said.error = textOf(event.message) || said.error;
      break;
  }
}

function addDelta(said: Said, delta: Fields): void {
  said.text += textOf(delta.content) || wordsOfSound(delta.audio);
  said.refusal += textOf(delta.refusal);
  said.reasoning += textOf(delta.reasoning_content);
  for (const call of listOf(delta.tool_calls)) {
    const at = typeof call.index === "number" ? call.index : said.calls.length;
    const named = isObject(call.function) ? call.function : {};
    const before = said.calls[at] ?? { name: "", arguments: "" };
    said.calls[at] = { name: before.name + textOf(named.name), arguments: before.arguments + textOf(named.arguments) };
  }
}
