// The list of exchanges: only the rows in sight are drawn, and nothing moves while somebody reads.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { clockTime, duration, sessionLabel, thousands } from "./format";
import { endingOf, stateOf, wordOf, type Row } from "./journal";
import { known } from "./live";
import { go } from "./location";
import { isAtEnd, isDrawn, rowsInSight, type Sight } from "./virtual";

const ROW_HEIGHT = 48;

interface Shown {
  rows: readonly Row[];
  chosen: string;
}

export function ExchangeList(shown: Shown) {
  return shown.rows.length ? <Rows {...shown} /> : <EmptyList />;
}

function Rows({ rows, chosen }: Shown) {
  const box = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  // Its end, until the browser has laid it out: it is not higher than the window.
  const [sight, setSight] = useState(() => {
    const height = window.innerHeight;
    return { top: Math.max(0, rows.length * ROW_HEIGHT - height), height };
  });
  const [follows, setFollows] = useState(true);
  const [read, setRead] = useState(rows.length);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (follows) {
      element.scrollTop = element.scrollHeight;
      setRead(rows.length);
    }
    lastTop.current = element.scrollTop;
    look(element);
  }, [rows.length, follows]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (follows) element.scrollTop = element.scrollHeight;
      look(element);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [follows]);

  const { first, end } = rowsInSight(rows.length, ROW_HEIGHT, sight.top, sight.height);
  const chosenAt = rows.findIndex((row) => row.key === chosen);
  const news = Math.max(0, rows.length - read);

  /** Draw again if other rows come in sight than those that are drawn, or nearly. */
  function look(element: HTMLElement): void {
    const now: Sight = { top: element.scrollTop, height: element.clientHeight };
    setSight((drawn) => (isDrawn(drawn, now, ROW_HEIGHT) ? drawn : now));
  }

  function onScroll(): void {
    const element = box.current;
    if (!element) return;
    look(element);
    const isBack = element.scrollTop < lastTop.current;
    lastTop.current = element.scrollTop;
    if (isAtEnd(element.scrollTop, element.clientHeight, element.scrollHeight)) {
      setFollows(true);
      setRead(rows.length);
      // A list that grew, or whose box became lower, is not at its end either: a person alone scrolls back.
    } else if (isBack) setFollows(false);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    const to =
      event.key === "Home" ? 0 : event.key === "End" ? rows.length - 1 : step === undefined ? null : chosenAt + step;
    if (to === null || !rows.length) return;
    event.preventDefault();
    const at = Math.max(0, Math.min(rows.length - 1, chosenAt < 0 && step === -1 ? rows.length - 1 : to));
    show(at);
  }

  function show(at: number): void {
    const row = rows[at];
    const element = box.current;
    if (!row || !element) return;
    go({ exchange: row.key }, { replace: chosen !== "" });
    const top = at * ROW_HEIGHT;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW_HEIGHT > element.scrollTop + element.clientHeight)
      element.scrollTop = top + ROW_HEIGHT - element.clientHeight;
  }

  return (
    <>
      <div
        class="rows"
        ref={box}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        tabIndex={0}
        role="listbox"
        aria-label="Exchanges, oldest first"
        aria-activedescendant={chosenAt >= first && chosenAt < end ? `row-${chosenAt}` : undefined}
      >
        <div class="whole" role="presentation" style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
          {rows.slice(first, end).map((row, index) => (
            <RowView key={row.key} row={row} at={first + index} count={rows.length} isChosen={row.key === chosen} />
          ))}
        </div>
      </div>
      {!follows && news > 0 && (
        <button type="button" class="news" onClick={() => setFollows(true)}>
          {thousands(news)} new ↓
        </button>
      )}
    </>
  );
}

function RowView({ row, at, count, isChosen }: { row: Row; at: number; count: number; isChosen: boolean }) {
  const { brief } = row;
  const state = stateOf(brief);
  const ending = endingOf(brief);
  return (
    <div
      id={`row-${at}`}
      role="option"
      aria-selected={isChosen}
      aria-posinset={at + 1}
      aria-setsize={count}
      class={`row ${state}`}
      style={{ transform: `translateY(${at * ROW_HEIGHT}px)` }}
      onClick={() => go({ exchange: row.key })}
    >
      <span class="when">{clockTime(brief.at)}</span>
      <span class="status">
        <span class={`dot ${state}`} aria-hidden="true" />
        {brief.status || (state === "waiting" ? "waits" : "none")}
      </span>
      <span class="what">
        <span class="words">{brief.user_text || `${brief.method} ${brief.path}`}</span>
        <span class="facts">
          {brief.endpoint ?? brief.path}
          {brief.model && <> · {brief.model}</>}
          {brief.rule && <> · rule “{brief.rule}”</>}
          {state === "unmatched" && <> · no rule</>}
          {brief.upstream && <> · upstream</>}
        </span>
      </span>
      <span class="end">
        <span>{state === "sending" ? (row.sends ? `${row.sends} sent` : wordOf(row.brief)) : ending ? duration(ending.seconds) : ""}</span>
        <span class="facts">{sessionLabel(row.sessionName)}</span>
      </span>
    </div>
  );
}

function EmptyList() {
  if (known.rows.length) return <p class="empty">No exchange fits the search and the filters.</p>;
  return (
    <div class="empty">
      <p>No exchange yet.</p>
      <p>
        Send a request through this address, or to <code>{window.location.origin}/v1</code>. It appears here when it
        arrives. <a href="/?view=traffic">How to set up a client</a>
      </p>
    </div>
  );
}
