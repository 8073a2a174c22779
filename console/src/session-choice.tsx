// The choice of one session, for the views that show one at a time.
import { sessionLabel } from "./format";
import { known, version } from "./live";
import { go, place } from "./location";

/** The session that such a view shows: the one of the address, or the last one. */
export function chosenSession(): string {
  void version.value;
  return place.value.session || [...known.lanes.keys()].at(-1) || "";
}

export function SessionChoice({ also = {} }: { also?: Record<string, string> }) {
  void version.value;
  return (
    <label>
      Session{" "}
      <select value={chosenSession()} onChange={(event) => go({ session: event.currentTarget.value, ...also })}>
        {[...known.lanes.values()].map((lane) => (
          <option key={lane.id} value={lane.id}>
            {sessionLabel(lane.name)}
          </option>
        ))}
      </select>
    </label>
  );
}
