// One exchange: what was said, and why it was answered so.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ask, askText, pathOf } from "./api";
import { Compared } from "./compared";
import { Conversation } from "./conversation";
import { answerText, draftRule, toCurl, toHar, toNode, toPython } from "./copies";
import { bytes, clockTime, duration, money, pretty, sessionLabel, thousands } from "./format";
import { endingOf, stateOf, wordOf } from "./journal";
import { fail, known, version } from "./live";
import { go, place } from "./location";
import { messagesOf } from "./messages";
import { Messages } from "./messages-view";
import { draft } from "./draft";
import { FindingsOf } from "./findings";
import { Stream } from "./stream";
import type { Full, StreamEvent } from "./types";

/** The first is of messages where the exchange is a WebSocket connection. */
const TABS = [
  { name: "", label: "Conversation" },
  { name: "stream", label: "Stream" },
  { name: "raw", label: "Raw" },
  { name: "rules", label: "Rules" },
  { name: "headers", label: "Headers" },
];

const SWITCHED = 101;
const copied = signal("");

export function ExchangeView({ name }: { name: string }) {
  void version.value;
  const slash = name.lastIndexOf("/");
  const session = name.slice(0, slash);
  const number = Number(name.slice(slash + 1));
  const at = known.places.get(name);
  const row = at === undefined ? undefined : known.rows[at];
  const [loaded, setLoaded] = useState<Full | null>(null);
  const [missing, setMissing] = useState("");

  // Loaded again when its answer came, and when that ended; an open connection when something was answered on it.
  const isOpen = row?.brief.status === SWITCHED && row.brief.ending === null;
  const others = isOpen ? known.lanes.get(session)?.answered : "";
  const mark = row ? `${row.brief.status}/${row.brief.ending !== null}/${others}` : "";
  useEffect(() => {
    let isOver = false;
    ask<Full>(pathOf(session, `requests/${number}`)).then(
      (answer) => !isOver && setLoaded(answer),
      (error: unknown) => !isOver && setMissing(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      isOver = true;
    };
  }, [session, number, mark]);

  const full = loaded && cutToSent(loaded, row?.sends ?? 0);
  const tab = place.value.tab ?? "";
  return (
    <section class="exchange" aria-label={`Exchange ${number}`}>
      <div class="exchange-top">
        <h2>
          Request {number} <span class="facts">{row && sessionLabel(row.sessionName)}</span>
        </h2>
        <button type="button" class="plain close" aria-label="Close" onClick={() => go({ exchange: "", tab: "" })}>
          ✕
        </button>
      </div>
      {missing && <p class="problem">{missing}</p>}
      {full && (
        <>
          <Facts full={full} />
          <Actions full={full} session={session} />
          <div class="tabs" role="tablist" aria-label="Parts of the exchange">
            {TABS.filter(({ name }) => hasPart(full, name)).map(({ name, label }) => (
              <button
                key={name}
                type="button"
                role="tab"
                id={`tab-${name}`}
                aria-selected={tab === name}
                aria-controls="tab-panel"
                onClick={() => go({ tab: name }, { replace: true })}
              >
                {name === "" && messagesOf(full) ? "Messages" : label}
                {name === "rules" && full.unmatched && <span class="dot unmatched" aria-label="no rule matched" />}
              </button>
            ))}
          </div>
          <div class="panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
            <Part tab={tab} full={full} session={session} />
          </div>
        </>
      )}
    </section>
  );
}

/** A connection has messages in place of bodies. */
function hasPart(full: Full, tab: string): boolean {
  return tab === "stream" ? full.answer.events !== undefined : tab !== "raw" || full.status !== SWITCHED;
}

/** The server knows all events of a stream from its start; those are shown that have left. */
function cutToSent(full: Full, sends: number): Full {
  const events = full.answer.events as StreamEvent[] | undefined;
  if (!events || full.ending !== null) return full;
  return { ...full, answer: { ...full.answer, events: events.slice(0, sends) } };
}

function Part({ tab, full, session }: { tab: string; full: Full; session: string }) {
  switch (tab) {
    case "stream":
      return <Stream events={(full.answer.events ?? []) as StreamEvent[]} isOver={full.ending !== null} />;
    case "raw":
      return <Raw full={full} />;
    case "rules":
      return <Compared session={session} number={full.number} full={full} />;
    case "headers":
      return <Headers full={full} session={session} />;
    default: {
      const messages = messagesOf(full);
      return messages ? <Messages full={full} messages={messages} session={session} /> : <Conversation full={full} />;
    }
  }
}

function Facts({ full }: { full: Full }) {
  const ending = endingOf(full);
  const { tokens, cost_usd: cost } = full;
  const state = stateOf(full);
  const client = full.client as { sdk: string | null; version: string | null; retry: number | null };
  return (
    <>
      <p class="fact-line">
        <span class={`state ${state}`}>{wordOf(full)}</span>
        <strong>{full.status || "no answer"}</strong>
        <span>
          {full.method} {full.path}
        </span>
        <span>{clockTime(full.at)}</span>
        {ending && <span>{duration(ending.seconds)}</span>}
        {ending && <span>{bytes(ending.bytes_sent)}</span>}
        {ending && ending.how !== "whole" && <span class="state failed">{ending.how === "cut" ? "cut" : "client left"}</span>}
        {tokens && (
          <span title="tokens of the prompt and of the answer">
            {thousands(tokens.prompt)} + {thousands(tokens.answer)} tokens
          </span>
        )}
        {cost !== null && <span title="what these tokens cost at OpenAI’s prices">{money(cost)}</span>}
        {client.sdk && (
          <span>
            {client.sdk} {client.version}
            {client.retry ? ` · retry ${client.retry}` : ""}
          </span>
        )}
      </p>
      {full.rule && (
        <p class="fact-line">
          Answered by rule <strong>“{full.rule}”</strong>
        </p>
      )}
      {full.unmatched && <p class="why">{full.unmatched}</p>}
    </>
  );
}

function Actions({ full, session }: { full: Full; session: string }) {
  const isOfSocket = full.status === SWITCHED || full.connection.http_version === "WebSocket";
  return (
    <div class="actions">
      {full.status === 0 && full.ending === null && (
        <button type="button" class="main" onClick={() => go({ view: "desk", exchange: "", tab: "" })}>
          Answer it at the desk
        </button>
      )}
      {full.status !== SWITCHED && (
        <>
          <button type="button" onClick={() => void makeRule(full, session)}>
            Make a rule of this
          </button>
          <button type="button" onClick={() => void sendAgain(full, session)}>
            Send again
          </button>
        </>
      )}
      <span class="copies" role="group" aria-label="Copy as">
        Copy as
        {!isOfSocket && (
          <>
            <Copy label="curl" text={() => toCurl(full)} />
            <Copy label="Python" text={() => toPython(full)} />
            <Copy label="Node" text={() => toNode(full)} />
          </>
        )}
        <Copy label="HAR" text={() => toHar(full)} />
      </span>
      <span class="unseen" role="status">
        {copied.value && `Copied as ${copied.value}`}
      </span>
    </div>
  );
}

/** Its name is what it copies; it shows `says`. */
export function Copy({ label, says = label, text }: { label: string; says?: string; text: () => string }) {
  return (
    <button
      type="button"
      class="small"
      aria-label={`Copy ${label}`}
      onClick={() =>
        navigator.clipboard.writeText(text()).then(() => {
          copied.value = label;
          setTimeout(() => (copied.value = ""), 1500);
        }, fail)
      }
    >
      {copied.value === label ? "Copied" : says}
    </button>
  );
}

/** Take the exchange as a rule into the editor: with its answer, or with one to be written. */
async function makeRule(full: Full, session: string): Promise<void> {
  let text = "";
  // A recorded answer of Realtime or GPT-Live would be all its pieces of sound: a rule has its words.
  if (full.unmatched === null && full.status !== 0 && !isOfVoice(full)) {
    const route = pathOf(session, `requests?format=script&since=${full.number - 1}&limit=1`);
    text = await askText(route, "application/yaml").catch(() => "");
  }
  draft.value = { session, text: text.includes("rules:") ? text : draftRule(full), again: full.number };
  go({ view: "script", session, exchange: "", tab: "" });
}

function isOfVoice(full: Full): boolean {
  return full.answer.events !== undefined && ["realtime", "live"].includes(full.endpoint ?? "");
}

export async function sendAgain(full: { number: number }, session: string): Promise<void> {
  try {
    const { number } = await ask<{ number: number }>(pathOf(session, `requests/${full.number}/again`), {});
    go({ view: "", exchange: `${session}/${number}`, tab: "" });
  } catch (error) {
    fail(error);
  }
}

function Raw({ full }: { full: Full }) {
  const body = full.request.body;
  return (
    <div class="raw">
      <h3>Request</h3>
      <pre tabIndex={0}>{body === null ? "(no body)" : pretty(body)}</pre>
      {!full.request.whole && <p class="facts">Only the beginning is kept; it had {bytes(full.request.body_bytes)}.</p>}
      <h3>Answer</h3>
      <pre tabIndex={0}>{answerText(full) || "(nothing was sent)"}</pre>
    </div>
  );
}

function Headers({ full, session }: { full: Full; session: string }) {
  const { messages: _, messages_recorded: __, ...connection } = full.connection as Record<string, unknown>;
  return (
    <div class="headers">
      <FindingsOf session={session} number={full.number} />
      <HeaderTable caption="Connection" headers={connection} />
      <HeaderTable caption="Client" headers={full.client as unknown as Record<string, unknown>} />
      <HeaderTable caption="Request" headers={full.request.headers} />
      <HeaderTable caption="Answer" headers={(full.answer.headers ?? {}) as Record<string, unknown>} />
    </div>
  );
}

function HeaderTable({ caption, headers }: { caption: string; headers: Record<string, unknown> }) {
  return (
    <table>
      <caption>{caption}</caption>
      <tbody>
        {Object.entries(headers).map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value === null ? "—" : String(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
