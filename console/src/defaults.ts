// What a session's script says for all its answers, and how a switch changes it.
import { useEffect, useState } from "preact/hooks";
import { ask, pathOf } from "./api";
import { changes, fail } from "./live";

export type Defaults = Record<string, unknown>;

/** The defaults of a session's script, null until they are known; and a function that changes some of them. */
export function useDefaults(session: string): [Defaults | null, (changed: Defaults) => void] {
  const [defaults, setDefaults] = useState<Defaults | null>(null);
  function load(): void {
    if (session) ask<{ defaults: Defaults }>(pathOf(session, "script")).then((script) => setDefaults(script.defaults), fail);
  }
  useEffect(load, [session, changes.value]);

  function set(changed: Defaults): void {
    // A script that is loaded replaces all defaults, so the others are said again.
    const all = { ...defaults, ...changed };
    // Shown at once: a switch that jumps back until the server told of the change looks broken.
    setDefaults(all);
    ask(pathOf(session, "script"), { defaults: all }).catch((error: unknown) => {
      fail(error);
      load();
    });
  }
  return [defaults, set];
}
