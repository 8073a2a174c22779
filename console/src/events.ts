// The events of a stream, as they are read.
import { saidIn } from "./answers";
import { isObject, textOf } from "./json";
import type { StreamEvent } from "./types";

/** What an event adds to the answer; of any other, its beginning. An event without a name has it as its type. */
export function gistOf({ event, value }: StreamEvent): { name: string; adds: string; rest: string } {
  const { type, ...fields } = isObject(value) ? value : {};
  const text = typeof value === "string" ? value : JSON.stringify(isObject(value) ? fields : value);
  const said = saidIn({ answer: { headers: {}, wait_before_head: 0, events: [{ event, value, left: null }] } });
  const call = said.calls.find(Boolean);
  const adds = said.text || said.refusal || said.reasoning || (call ? `${call.name}${call.arguments}` : "") || said.error;
  return {
    name: event ?? textOf(type),
    adds: adds || said.notes.join(", "),
    rest: text.length > 400 ? `${text.slice(0, 400)}…` : text,
  };
}
