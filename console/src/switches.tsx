// Switches of a session: who answers, a fault for all answers, a model server of its own, and the clock.
import { useEffect, useState } from "preact/hooks";
import { ask, pathOf } from "./api";
import { useDefaults } from "./defaults";
import { thousands } from "./format";
import { HoldSwitch } from "./hold";
import { changes, fail } from "./live";

const FAULTS: { name: string; faults: unknown[] }[] = [
  { name: "none", faults: [] },
  { name: "half a second late", faults: [{ latency_ms: 500 }] },
  { name: "429 for each request", faults: [{ failure: { status: 429, retry_after: 1 } }] },
  { name: "500 for each request", faults: [{ failure: { status: 500 } }] },
  { name: "streams cut after 3 sends", faults: [{ cut_after: { sends: 3 } }] },
  { name: "at most 3 requests a minute", faults: [{ rate_limit: { requests_per_minute: 3 } }] },
];

/** The place of a session's faults among those of the switch; -1 for others, of a script. */
export function placeOf(faults: unknown[]): number {
  const written = spell(faults);
  return FAULTS.findIndex((each) => spell(each.faults) === written);
}

/** JSON in which the order of keys makes no difference. */
function spell(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}

const CAPACITIES = ["edge", "gpu", "cluster", "crowded", "unlimited"];

/** The profile of a session's capacity; empty where it has none of its own, null where a script gives figures. */
export function profileOf(capacity: unknown): string | null {
  if (capacity === undefined || capacity === null) return "";
  const { profile, ...figures } = capacity as { profile?: string };
  return profile !== undefined && Object.keys(figures).length === 0 ? profile : null;
}

const FALLBACKS = ["error", "manual", "echo", "simulate"];

export function Switches({ session }: { session: string }) {
  const [fallback, setFallback] = useState("");
  const [ahead, setAhead] = useState(0);
  // Until they are known, what is set would replace them.
  const [defaults, set] = useDefaults(session);
  useEffect(() => {
    ask<{ data: { session: string; on_unmatched: string; clock_ahead_s: number }[] }>("/_emulator/sessions").then(
      ({ data }) => {
        const found = data.find((each) => (each.session || "none") === session);
        setFallback(found?.on_unmatched ?? "");
        setAhead(found?.clock_ahead_s ?? 0);
      },
      fail,
    );
  }, [session, changes.value]);

  const fault = placeOf((defaults?.faults as unknown[] | undefined) ?? []);
  const profile = profileOf(defaults?.capacity);
  const advance = (body: Record<string, unknown>) => ask(pathOf(session, "clock"), body).catch(fail);
  return (
    <>
      <h2>Switches</h2>
      <label>
        Unmatched requests get
        <select
          value={fallback}
          disabled={!defaults}
          onChange={(event) => {
            setFallback(event.currentTarget.value);
            set({ on_unmatched: event.currentTarget.value });
          }}
        >
          {[...new Set([...FALLBACKS, ...(fallback ? [fallback] : [])])].map((name) => (
            <option key={name} value={name}>
              {name === "manual" ? "manual: a person at the desk" : name}
            </option>
          ))}
        </select>
      </label>
      <HoldSwitch defaults={defaults} set={set} />
      <label>
        Fault of every answer
        <select
          value={fault}
          disabled={!defaults}
          onChange={(event) => set({ faults: FAULTS[Number(event.currentTarget.value)]?.faults ?? [] })}
        >
          {FAULTS.map(({ name }, at) => (
            <option key={name} value={at}>
              {name}
            </option>
          ))}
          {fault < 0 && <option value={fault}>as the script says</option>}
        </select>
      </label>
      <label>
        Model server
        <select
          value={profile ?? "figures"}
          disabled={!defaults}
          onChange={(event) => set({ capacity: event.currentTarget.value ? { profile: event.currentTarget.value } : undefined })}
        >
          <option value="">shared with all others</option>
          {CAPACITIES.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
          {profile === null && <option value="figures">as the script says</option>}
        </select>
      </label>
      <p class="clock">
        Clock: {ahead ? `${thousands(Math.round(ahead))} s ahead` : "as everywhere"}
        <button type="button" class="small" onClick={() => void advance({ advance_s: 60 })}>
          + 1 min
        </button>
        <button type="button" class="small" onClick={() => void advance({ advance_s: 3600 })}>
          + 1 h
        </button>
        <button type="button" class="small" onClick={() => void advance({ reset: true })}>
          Reset
        </button>
      </p>
    </>
  );
}
