// The events of a stream, each with the time at which it left; the gaps between them are drawn.
import { gistOf } from "./events";
import { duration, plural } from "./format";
import type { StreamEvent } from "./types";

const MOST = 500;

export function Stream({ events, isOver }: { events: StreamEvent[]; isOver: boolean }) {
  const gaps = events.map((event, at) => Math.max(0, (event.left ?? 0) - (at ? (events[at - 1]?.left ?? 0) : 0)));
  const widest = Math.max(...gaps, 0.001);
  const shown = events.slice(0, MOST);
  const isTimed = events.some((event) => event.left !== null);
  const count = `${plural(events.length, "event")}${isOver ? "" : " so far"}`;
  return (
    <div class={`stream ${isTimed ? "timed" : ""}`}>
      <p class="facts">
        {isTimed ? `${count}. The bar is the time since the event before.` : isOver ? `${count}, sent at once.` : `${count}.`}
      </p>
      <table>
        <thead>
          <tr>
            {isTimed && <th scope="col">Left after</th>}
            {isTimed && <th scope="col">Gap</th>}
            <th scope="col">Event</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((event, at) => (
            <tr key={at}>
              {isTimed && <td class="when">{event.left === null ? "—" : duration(event.left)}</td>}
              {isTimed && (
                <td class="gap" aria-label={duration(gaps[at] ?? 0)}>
                  <svg width="72" height="10" aria-hidden="true" focusable="false">
                    <rect x="0" y="2" width={Math.max(1, ((gaps[at] ?? 0) / widest) * 72)} height="6" rx="2" />
                  </svg>
                </td>
              )}
              <td class="gist">
                <Gist event={event} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {events.length > MOST && <p class="facts">{events.length - MOST} more; see “Raw”.</p>}
    </div>
  );
}

function Gist({ event }: { event: StreamEvent }) {
  const { name, adds, rest } = gistOf(event);
  return (
    <details>
      <summary>
        {name && <span class="facts">{name} </span>}
        {adds ? <span class="adds">{adds}</span> : <code>{rest.slice(0, 200)}</code>}
      </summary>
      <code>{rest}</code>
    </details>
  );
}
