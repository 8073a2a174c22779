// What a request brings that is no text: pictures and files.
import { bytes } from "./format";
import { isObject } from "./json";

export interface Attachments {
  /** Pictures that the request holds, as `data:` URLs. */
  pictures: string[];
  /** Pictures elsewhere, which the page does not load; files; sound. */
  notes: string[];
}

const MOST = 20;

export function attachmentsOf(body: unknown): Attachments {
  const found: Attachments = { pictures: [], notes: [] };
  look(body, found);
  return { pictures: [...new Set(found.pictures)].slice(0, MOST), notes: [...new Set(found.notes)].slice(0, MOST) };
}

function look(value: unknown, found: Attachments): void {
  if (Array.isArray(value)) for (const each of value) look(each, found);
  if (!isObject(value)) return;
  if (typeof value.filename === "string" && typeof value.bytes === "number")
    found.notes.push(`file ${value.filename}, ${bytes(value.bytes)}`);
  for (const [name, each] of Object.entries(value))
    if (name === "image_url" && typeof each === "string") addPicture(each, found);
    else if (name === "image_url" && isObject(each) && typeof each.url === "string") addPicture(each.url, found);
    else if (name === "input_audio" && isObject(each)) found.notes.push("sound");
    else look(each, found);
}

function addPicture(url: string, found: Attachments): void {
  if (url.startsWith("data:image/")) found.pictures.push(url);
  else if (!url.startsWith("data:")) found.notes.push(`picture ${url}`);
}
