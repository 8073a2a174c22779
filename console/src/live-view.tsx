import { computed } from "@preact/signals";
import { ExchangeView } from "./exchange";
import { plural, sessionLabel, thousands } from "./format";
import { select, valuesOf, type Filters } from "./journal";
import { ExchangeList } from "./list";
import { known, version } from "./live";
import { go, place } from "./location";

const FILTERS = ["session", "state", "endpoint", "model", "words"] as const;

export const NO_FILTERS: Record<string, string> = Object.fromEntries(FILTERS.map((name) => [name, ""]));

const filters = computed<Filters>(() =>
  Object.fromEntries(FILTERS.map((name) => [name, place.value[name] ?? ""])),
);

export const selected = computed(() => {
  void version.value;
  // A new array each time: what is known is changed in place, and only another value draws the list again.
  return [...select(known.rows, filters.value)];
});

export function LiveView() {
  void version.value;
  const rows = selected.value;
  const chosen = place.value.exchange ?? "";
  return (
    <div class={`live ${chosen ? "chosen" : ""}`}>
      <Lanes />
      <section class="list-part" aria-label="Exchanges">
        <FilterBar shown={rows.length} />
        <ExchangeList rows={rows} chosen={chosen} />
      </section>
      {chosen && <ExchangeView key={chosen} name={chosen} />}
    </div>
  );
}

function Lanes() {
  void version.value;
  const lanes = [...known.lanes.values()];
  return (
    <section class="lanes" aria-label="Sessions">
      <h2>Sessions</h2>
      <ul>
        <li>
          <LaneButton id="" label="All sessions" />
        </li>
        {lanes.map((lane) => (
          <li key={lane.id}>
            <LaneButton id={lane.id} label={sessionLabel(lane.name)} />
            <span class="counts">
              <Count of={lane.answered} says="answered" />
              {lane.unmatched > 0 && <Count of={lane.unmatched} says="unmatched" />}
              {lane.unused !== null && lane.unused > 0 && <Count of={lane.unused} says="unused" />}
              {lane.waiting > 0 && <Count of={lane.waiting} says="waiting" />}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function LaneButton({ id, label }: { id: string; label: string }) {
  const isChosen = (place.value.session ?? "") === id;
  return (
    <button type="button" class="lane" aria-pressed={isChosen} onClick={() => go({ session: id, exchange: "" })}>
      {label}
    </button>
  );
}

function Count({ of, says }: { of: number; says: string }) {
  return (
    <span class={`count ${says}`}>
      {thousands(of)} {says}
    </span>
  );
}

function FilterBar({ shown }: { shown: number }) {
  void version.value;
  return (
    <search class="filters">
      <input
        type="search"
        aria-label="Search in exchanges"
        placeholder="Search: words, model, rule, status"
        value={place.value.words ?? ""}
        onInput={(event) => go({ words: event.currentTarget.value }, { replace: true })}
      />
      <Choice
        name="state"
        label="State"
        values={["answered", "unmatched", "failed", "waiting", "sending", "left"]}
        all="Any state"
      />
      <Choice name="endpoint" label="Endpoint" values={valuesOf(known.rows, "endpoint")} all="Any endpoint" />
      <Choice name="model" label="Model" values={valuesOf(known.rows, "model")} all="Any model" />
      <span class="shown" role="status">
        {shown === known.rows.length ? plural(shown, "exchange") : `${thousands(shown)} of ${thousands(known.rows.length)}`}
      </span>
    </search>
  );
}

function Choice({ name, label, values, all }: { name: string; label: string; values: string[]; all: string }) {
  const value = place.value[name] ?? "";
  return (
    <select aria-label={label} value={value} onChange={(event) => go({ [name]: event.currentTarget.value })}>
      <option value="">{all}</option>
      {[...new Set([...values, ...(value ? [value] : [])])].map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  );
}
