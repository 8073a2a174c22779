// The desk: requests wait here until a person answers them.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ask, pathOf, Refused } from "./api";
import { Said } from "./conversation";
import { useDefaults } from "./defaults";
import { sessionLabel } from "./format";
import { HoldSwitch } from "./hold";
import { changes, fail, known, version } from "./live";
import { go, place } from "./location";
import { buildReply, formOf, KINDS, type Form, type Kind } from "./reply-form";
import { chosenSession, SessionChoice } from "./session-choice";
import { isLoud, setLoud } from "./sound";
import { GIVEN, kept, keepTemplate, loadTemplates, removeTemplate } from "./templates";
import type { WaitingRow } from "./journal";

const now = signal(Date.now() / 1000);
setInterval(() => {
  now.value = Date.now() / 1000;
}, 1000);

export default function DeskView() {
  void version.value;
  const waiting = [...known.waiting].sort(([, one], [, other]) => one.request.at - other.request.at);
  const chosen = known.waiting.get(place.value.exchange ?? "") ?? waiting[0]?.[1];
  return (
    <div class="desk">
      <section class="queue" aria-label="Waiting requests">
        <div class="bar">
          <h2>Waiting</h2>
          <label class="check">
            <input type="checkbox" checked={isLoud.value} onChange={(event) => setLoud(event.currentTarget.checked)} />
            Sound
          </label>
        </div>
        {waiting.length ? (
          <ul>
            {waiting.map(([key, row]) => (
              <li key={key}>
                <button type="button" class="waits" aria-pressed={row === chosen} onClick={() => go({ exchange: key })}>
                  <span class="words">{row.request.user_text || row.request.path}</span>
                  <span class="facts">
                    {row.request.model} · {sessionLabel(row.sessionName)} · {left(row)}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        ) : (
          <div class="empty">
            <p>Nobody waits.</p>
            <p>
              All requests of a session come here if you hold them. Only unmatched ones come if “Unmatched requests get” is
              manual in <a href="/?view=script">Script</a>, or if the server was started with{" "}
              <code>--on-unmatched manual</code>.
            </p>
          </div>
        )}
        <Hold key={chosenSession()} session={chosenSession()} />
      </section>
      {chosen && <Answer key={`${chosen.session}/${chosen.request.number}`} row={chosen} />}
    </div>
  );
}

function Hold({ session }: { session: string }) {
  const [defaults, set] = useDefaults(session);
  if (!session) return <p class="facts">No session yet. A session begins with its first request.</p>;
  return (
    <fieldset class="hold" aria-label="Hold">
      <SessionChoice />
      <HoldSwitch defaults={defaults} set={set} />
    </fieldset>
  );
}

function left({ request }: WaitingRow): string {
  const seconds = Math.max(0, Math.round(request.until - now.value));
  return seconds > 90 ? `${Math.round(seconds / 60)} min left` : `${seconds} s left`;
}

const EMPTY: Form = {
  kind: "text", text: "", tool: "", args: "{}", json: "{}", status: 429, message: "", code: "", raw: "{}",
  reply: "{}", rate: 0,
};

function Answer({ row }: { row: WaitingRow }) {
  const { request, session } = row;
  const [form, setForm] = useState<Form>({ ...EMPTY, tool: request.prompt.tools[0] ?? "" });
  const [said, setSaid] = useState("");
  const [isSending, setSending] = useState(false);
  useEffect(() => setSaid(""), [form]);
  const set = (change: Partial<Form>) => setForm({ ...form, ...change });

  async function send(reply: Record<string, unknown> | string): Promise<void> {
    if (typeof reply === "string") return setSaid(reply);
    setSending(true);
    try {
      await ask(pathOf(session, `waiting/${request.number}`), reply);
    } catch (error) {
      const isGone = error instanceof Refused && error.code === "not_waiting";
      setSaid(isGone ? "It was answered already, or its client left." : String((error as Error).message));
    } finally {
      setSending(false);
    }
  }

  return (
    <section class="answering" aria-label={`Answer request ${request.number}`}>
      <h2>
        Request {request.number}{" "}
        <span class="facts">
          {request.model} · {sessionLabel(row.sessionName)} · {left(row)}
        </span>
      </h2>
      <div class="conversation">
        <ol>
          {request.prompt.messages.map((message, at) => (
            <Said key={at} message={message} />
          ))}
        </ol>
        {request.prompt.tools.length > 0 && (
          <p class="tools">
            Tools offered: {request.prompt.tools.map((tool) => <code key={tool}>{tool}</code>)}
          </p>
        )}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send(buildReply(form));
        }}
      >
        <fieldset class="kinds">
          <legend>Answer by</legend>
          {KINDS.map(({ name, label }) => (
            <label key={name} class="check">
              <input type="radio" name="kind" checked={form.kind === name} onChange={() => set({ kind: name as Kind })} />
              {label}
            </label>
          ))}
        </fieldset>
        <Fields form={form} set={set} tools={request.prompt.tools} />
        {request.stream && ["text", "tool", "json"].includes(form.kind) && (
          <label>
            Tokens per second of the stream (0: at once)
            <input
              type="number"
              min="0"
              value={form.rate}
              onInput={(event) => set({ rate: Number(event.currentTarget.value) })}
            />
          </label>
        )}
        <div class="bar">
          <button type="submit" class="main" disabled={isSending}>
            Send the answer
          </button>
          <button type="button" disabled={isSending} onClick={() => void send({ rules: true })}>
            Let the rules answer
          </button>
          <TemplateBar form={form} set={setForm} />
        </div>
        <p role="status" class={said ? "problem" : "unseen"}>
          {said}
        </p>
      </form>
    </section>
  );
}

function Fields({ form, set, tools }: { form: Form; set: (change: Partial<Form>) => void; tools: string[] }) {
  const area = (name: "text" | "args" | "json" | "raw" | "reply", label: string, rows: number) => (
    <label>
      {label}
      <textarea
        rows={rows}
        class={name === "text" ? "" : "code"}
        value={form[name]}
        onInput={(event) => set({ [name]: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
        }}
      />
    </label>
  );
  switch (form.kind) {
    case "text":
      return area("text", "Text (Ctrl+Enter sends)", 4);
    case "tool":
      return (
        <>
          <label>
            Tool
            <input list="tools" value={form.tool} onInput={(event) => set({ tool: event.currentTarget.value })} />
            <datalist id="tools">
              {tools.map((tool) => (
                <option key={tool} value={tool} />
              ))}
            </datalist>
          </label>
          {area("args", "Arguments, as JSON", 4)}
        </>
      );
    case "json":
      return area("json", "JSON that the model says", 6);
    case "error":
      return (
        <div class="row-of-fields">
          <label>
            Status
            <input
              type="number"
              min="400"
              max="599"
              value={form.status}
              onInput={(event) => set({ status: Number(event.currentTarget.value) })}
            />
          </label>
          <label>
            Message (empty: OpenAI’s own)
            <input value={form.message} onInput={(event) => set({ message: event.currentTarget.value })} />
          </label>
          <label>
            Code
            <input value={form.code} onInput={(event) => set({ code: event.currentTarget.value })} />
          </label>
        </div>
      );
    case "reply":
      return area("reply", "Reply as in a rule, as JSON; also with stream and faults", 8);
    case "raw":
      return (
        <>
          <label>
            Status
            <input
              type="number"
              min="200"
              max="599"
              value={form.status}
              onInput={(event) => set({ status: Number(event.currentTarget.value) })}
            />
          </label>
          {area("raw", "Body: JSON, or any text", 8)}
        </>
      );
  }
}

function TemplateBar({ form, set }: { form: Form; set: (form: Form) => void }) {
  const [name, setName] = useState("");
  useEffect(() => void loadTemplates().catch(fail), [changes.value]);
  const all = [...GIVEN, ...kept.value];
  const reply = buildReply(form);
  return (
    <>
      <select
        aria-label="Templates"
        value=""
        onChange={(event) => {
          const found = all.find((each) => each.name === event.currentTarget.value);
          if (found) set({ ...form, ...formOf(found.answer) });
          event.currentTarget.value = "";
        }}
      >
        <option value="">Templates…</option>
        {all.map((each) => (
          <option key={each.name} value={each.name}>
            {each.name}
          </option>
        ))}
      </select>
      <input
        class="short"
        aria-label="Name of a template"
        placeholder="name"
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <button
        type="button"
        class="small"
        disabled={!name || typeof reply === "string"}
        onClick={() => void keepTemplate(name, reply).catch(fail)}
      >
        Keep as template
      </button>
      {kept.value.some((each) => each.name === name) && (
        <button type="button" class="small" onClick={() => void removeTemplate(name).catch(fail)}>
          Remove
        </button>
      )}
    </>
  );
}
