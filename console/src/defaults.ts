// What a session's script says for all its answers, and how a switch changes it.
import { useEffect, useState } from "preact/hooks";
import { ask, pathOf } from "./api";
import { changes, fail } from "./live";

export type Defaults = Record<string, unknown>;

/** The defaults of a session's script, null until they are known; and a function that changes some of them. */
export function useDefaults(session: string): [Defaults | null, (changed: Defaults) => void] {
  const [defaults, setDefaults] = useState<Defaults | null>(null);
  useEffect(() => {
    if (session) ask<{ defaults: Defaults }>(pathOf(session, "script")).then((script) => setDefaults(script.defaults), fail);
  }, [session, changes.value]);
  // A script that is loaded replaces all defaults, so the others are said again.
  const set = (changed: Defaults) => void ask(pathOf(session, "script"), { defaults: { ...defaults, ...changed } }).catch(fail);
  return [defaults, set];
}
