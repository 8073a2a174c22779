// The switch by which all requests of a session wait at the desk.
import type { Defaults } from "./defaults";

export function HoldSwitch({ defaults, set }: { defaults: Defaults | null; set: (changed: Defaults) => void }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={holdsAll(defaults)}
        disabled={!defaults}
        onChange={(event) => set(changeHold(defaults, event.currentTarget.checked))}
      />
      Hold all requests
    </label>
  );
}

/** Whether a session lets each request wait for a person, also one that a rule matches. */
export function holdsAll(defaults: Defaults | null): boolean {
  return Boolean((defaults?.manual as { all?: boolean } | undefined)?.all);
}

/** The change that holds all requests of a session, or does not; how long they wait stays. */
export function changeHold(defaults: Defaults | null, all: boolean): Defaults {
  const { all: _, ...others } = (defaults?.manual as { all?: boolean } | undefined) ?? {};
  const manual = all ? { ...others, all } : others;
  return { manual: Object.keys(manual).length ? manual : undefined };
}
