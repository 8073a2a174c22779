// What is shown is in the address, so that a link shows the same, and "back" goes back.
import { computed, signal } from "@preact/signals";

export type Place = Record<string, string>;

export function readPlace(search: string): Place {
  return Object.fromEntries([...new URLSearchParams(search)].filter(([, value]) => value !== ""));
}

export function writePlace(place: Place): string {
  const written = new URLSearchParams(Object.entries(place).filter(([, value]) => value !== "")).toString();
  return written ? `?${written}` : "";
}

export const place = signal<Place>(typeof window === "undefined" ? {} : readPlace(window.location.search));
export const view = computed(() => place.value.view ?? "live");

if (typeof window !== "undefined")
  window.addEventListener("popstate", () => {
    place.value = readPlace(window.location.search);
  });

/** Change some parts of the place; an empty value removes one. `replace`: without a step of "back". */
export function go(change: Place, { replace = false }: { replace?: boolean } = {}): void {
  const next = readPlace(writePlace({ ...place.value, ...change }));
  const url = `${window.location.pathname}${writePlace(next)}`;
  if (replace) window.history.replaceState(null, "", url);
  else window.history.pushState(null, "", url);
  place.value = next;
}
