// What a session has stored, as the view shows it.
import { pathOf } from "./api";
import type { Resource } from "./types";

const PAGE = 200;

/** The path of a page of the resources of a kind, or of all for "". */
export function pageOf(session: string, kind: string, since?: number): string {
  const asked = new URLSearchParams({ limit: String(PAGE), ...(kind ? { kind } : {}), ...(since === undefined ? {} : { since: String(since) }) });
  return `${pathOf(session, "resources")}?${asked.toString()}`;
}

/** Kinds by their names, each with its number. */
export function sortKinds(kinds: Record<string, number>): [string, number][] {
  return Object.entries(kinds).sort(([one], [other]) => one.localeCompare(other, "en"));
}

/** What stands in the row of a resource besides its kind. */
export function nameOf({ id, of }: Resource): string {
  return of ? `${id} of ${of}` : id;
}
