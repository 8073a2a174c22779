// Switches of a session: who answers unmatched requests, a fault for all answers, and the clock.
import { useEffect, useState } from "preact/hooks";
import { ask, pathOf } from "./api";
import { changes, fail } from "./live";

const FAULTS: { name: string; faults: unknown[] }[] = [
  { name: "none", faults: [] },
  { name: "half a second late", faults: [{ latency_ms: 500 }] },
  { name: "429 for each request", faults: [{ failure: { status: 429, retry_after: 1 } }] },
  { name: "500 for each request", faults: [{ failure: { status: 500 } }] },
  { name: "streams cut after 3 sends", faults: [{ cut_after: { sends: 3 } }] },
  { name: "at most 3 requests a minute", faults: [{ rate_limit: { requests_per_minute: 3 } }] },
];

const FALLBACKS = ["error", "manual", "echo", "simulate"];

export function Switches({ session }: { session: string }) {
  const [fallback, setFallback] = useState("");
  const [ahead, setAhead] = useState(0);
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

  const set = (defaults: Record<string, unknown>) => ask(pathOf(session, "script"), { defaults }).catch(fail);
  const advance = (body: Record<string, unknown>) => ask(pathOf(session, "clock"), body).catch(fail);
  return (
    <>
      <h2>Switches</h2>
      <label>
        Unmatched requests get
        <select value={fallback} onChange={(event) => void set({ on_unmatched: event.currentTarget.value })}>
          {[...new Set([...FALLBACKS, ...(fallback ? [fallback] : [])])].map((name) => (
            <option key={name} value={name}>
              {name === "manual" ? "manual: a person at the desk" : name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Fault of every answer
        <select
          onChange={(event) => void set({ faults: FAULTS[Number(event.currentTarget.value)]?.faults ?? [] })}
        >
          {FAULTS.map(({ name }, at) => (
            <option key={name} value={at}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <p class="clock">
        Clock: {ahead ? `${Math.round(ahead).toLocaleString("en")} s ahead` : "as everywhere"}
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
