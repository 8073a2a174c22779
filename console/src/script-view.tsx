// Scripts of a session: the rules and how often they answered, the editor, and switches for faults, limits and the clock.
import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import { ask, askText, pathOf, sendYaml } from "./api";
import { draft } from "./draft";
import type { Checked } from "./editor";
import { sendAgain } from "./exchange";
import { Findings } from "./findings";
import { plural } from "./format";
import { examples } from "./library";
import { changes, fail, known, version } from "./live";
import { go, place } from "./location";
import { chosenSession, SessionChoice } from "./session-choice";
import { Switches } from "./switches";
import type { RuleUse } from "./types";

const Editor = lazy(() => import("./editor"));

interface Shown {
  owner: string;
  rules: RuleUse[];
}

export default function ScriptView() {
  const session = chosenSession();
  return (
    <div class="script">
      <div class="bar">
        <SessionChoice />
      </div>
      {session ? <SessionScript key={session} session={session} /> : <p class="empty">No session yet. A session begins with its first request, or when a script is loaded.</p>}
    </div>
  );
}

function SessionScript({ session }: { session: string }) {
  void version.value;
  const [shown, setShown] = useState<Shown | null>(null);
  const [opened, setOpened] = useState({ text: "" });
  const [isOwn, setOwn] = useState(false);
  const [text, setText] = useState("");
  const [checked, setChecked] = useState<Checked | null>(null);
  const [said, setSaid] = useState("");
  const started = draft.value?.session === session ? draft.value : null;
  const lane = known.lanes.get(session);

  function load(): void {
    ask<Shown>(pathOf(session, "script")).then(setShown, fail);
  }

  /** Show a script: that of the session, or one whose rules it does not have yet. */
  function open(found: string, isOfSession = false): void {
    setOpened({ text: found });
    setOwn(isOfSession);
    setText(found);
  }

  useEffect(load, [session, changes.value, lane?.answered]);
  useEffect(() => {
    if (started) open(started.text);
    else askText(pathOf(session, "script"), "application/yaml").then((found) => open(found, true), fail);
  }, [session, started]);

  async function send(replaces: boolean): Promise<void> {
    try {
      if (replaces) await ask(pathOf(session, "script"), undefined, "DELETE");
      const { loaded, rules } = await sendYaml<{ loaded: number; rules: number }>(pathOf(session, "script"), text);
      setSaid(`Loaded ${plural(loaded, "rule")}; the session has ${rules} now.`);
      load();
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
  }

  function write(written: string): void {
    setText(written);
    // Without a session in the address, the view shows the newest: it stays with the one whose script is being written.
    if (written !== opened.text && !place.value.session) go({ session }, { replace: true });
  }

  const problems = checked?.problems.length ?? 0;
  // To add what the session has already would give it each rule twice, and the first of them answers.
  const changesOwn = isOwn && shown?.owner === "token";
  return (
    <div class="script-parts">
      <section class="write" aria-label="Script">
        <div class="bar">
          <select
            aria-label="Examples"
            value=""
            onChange={(event) => {
              const found = examples.find(({ name }) => name === event.currentTarget.value);
              if (found) open(found.text);
              event.currentTarget.value = "";
            }}
          >
            <option value="">Examples…</option>
            {examples.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
          <button type="button" class={changesOwn ? "" : "main"} disabled={problems > 0} onClick={() => void send(false)}>
            Add these rules
          </button>
          <button type="button" class={changesOwn ? "main" : ""} disabled={problems > 0} onClick={() => void send(true)}>
            Replace all rules
          </button>
          {started?.again && (
            <button
              type="button"
              onClick={() => {
                draft.value = null;
                void sendAgain({ number: started.again ?? 0 }, session);
              }}
            >
              Send request {started.again} again
            </button>
          )}
          <span class="facts" role="status">
            {said || (checked ? (problems ? plural(problems, "problem") : `${plural(checked.rules, "rule")}, no problem`) : "")}
          </span>
        </div>
        <Suspense fallback={<p class="empty">Loading the editor…</p>}>
          <Editor opened={opened} label="Script in YAML" onChange={write} onCheck={setChecked} />
        </Suspense>
        {checked && (problems > 0 || checked.warnings.length > 0) && (
          <ul class="problems" aria-label="Problems">
            {checked.problems.map((each, at) => (
              <li key={at} class="differs">
                <code>{each.place}</code> {each.reason}
              </li>
            ))}
            {checked.warnings.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        )}
      </section>
      <aside class="side" aria-label="Rules and switches">
        <h2>Rules</h2>
        {shown?.owner === "server" && <p class="facts">The default script. Rules that you add replace it for this session.</p>}
        <ol class="uses">
          {shown?.rules.map((rule) => (
            <li key={rule.name} class={rule.left === 0 ? "used-up" : rule.answered ? "used" : ""}>
              <span>{rule.name}</span>
              <span class="facts">
                {rule.left === 0 ? "used up" : rule.answered ? `answered ${rule.answered}×` : "not used"}
                {rule.left ? ` · ${rule.left} left` : ""}
              </span>
            </li>
          ))}
        </ol>
        {shown && !shown.rules.length && <p class="facts">No rules.</p>}
        <Switches session={session} />
        <Findings session={session} />
      </aside>
    </div>
  );
}
