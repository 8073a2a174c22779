// The view of preset queues.
import { useEffect, useState } from "preact/hooks";
import { plural } from "./format";
import { changes, fail, problem } from "./live";
import { add, clear, gistOf, importText, loadQueues, move, replace, type Entry, type Queues } from "./queues";

export default function QueuesView() {
  const [queues, setQueues] = useState<Queues>({});
  const load = () => loadQueues().then(setQueues).catch(fail);
  useEffect(() => void load(), [changes.value]);

  /** Do something, then show what there is. */
  function act(work: Promise<unknown>): Promise<void> {
    problem.value = "";
    return work.then(load, fail);
  }

  const addresses = Object.keys(queues).sort();
  return (
    <div class="queues">
      <div class="bar">
        <h2>Preset queues</h2>
        {addresses.length > 0 && (
          <button type="button" class="small" onClick={() => void act(clear(""))}>
            Empty all queues
          </button>
        )}
      </div>
      <p class="facts">
        A request from an address gets the next answer of its queue, first in, first out. If the queue is empty, the request
        waits at the desk.
      </p>
      <AddForm known={addresses} act={act} />
      {addresses.map((address) => (
        <Queue key={address} address={address} entries={queues[address] ?? []} act={act} />
      ))}
      {!addresses.length && <p class="facts">No queue yet: add an answer for an address, such as 127.0.0.1.</p>}
    </div>
  );
}

type Act = (work: Promise<unknown>) => Promise<void>;

const TEMPLATE = JSON.stringify(
  { id: "chatcmpl-1", object: "chat.completion", choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }] },
  null,
  2,
);

function AddForm({ known, act }: { known: string[]; act: Act }) {
  const [address, setAddress] = useState("127.0.0.1");
  const [status, setStatus] = useState(200);
  const [text, setText] = useState(TEMPLATE);
  const [said, setSaid] = useState("");

  function submit(): void {
    try {
      setSaid("");
      void act(add(address, { response: JSON.parse(text) as unknown, status_code: status }));
    } catch (error) {
      setSaid(`This is no JSON: ${(error as Error).message}`);
    }
  }

  async function importFile(file: File | undefined): Promise<void> {
    if (!file) return;
    try {
      setSaid("");
      await act(importText(address, await file.text()));
    } catch (error) {
      setSaid((error as Error).message);
    }
  }

  return (
    <details open={!known.length}>
      <summary>Add answers</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div class="row-of-fields">
          <label>
            Status
            <input type="number" min="200" max="599" value={status} onInput={(event) => setStatus(Number(event.currentTarget.value))} />
          </label>
          <label>
            Address of the client
            <input list="addresses" value={address} onInput={(event) => setAddress(event.currentTarget.value)} />
            <datalist id="addresses">
              {known.map((each) => (
                <option key={each} value={each} />
              ))}
            </datalist>
          </label>
        </div>
        <label>
          Answer, as JSON
          <textarea class="code" rows={8} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <div class="bar">
          <button type="submit" class="main">
            Add to the queue
          </button>
          <label class="check">
            Import a file
            <input
              type="file"
              accept="application/json,.json"
              onChange={(event) => {
                const input = event.currentTarget;
                void importFile(input.files?.[0]).finally(() => (input.value = ""));
              }}
            />
          </label>
        </div>
        <p role="status" class={said ? "problem" : "unseen"}>
          {said}
        </p>
      </form>
    </details>
  );
}

function Queue({ address, entries, act }: { address: string; entries: Entry[]; act: Act }) {
  const [dragged, setDragged] = useState<number | null>(null);
  const place = (from: number, to: number) => void act(replace(address, move(entries, from, to)));
  return (
    <section class="queue-of" aria-labelledby={`queue-${address}`}>
      <div class="bar">
        <h3 id={`queue-${address}`}>
          {address} <span class="facts">{plural(entries.length, "answer")}</span>
        </h3>
        <a class="button" href={`/api/preset-queue/${encodeURIComponent(address)}/export`} download={`queue-${address}.json`}>
          Export
        </a>
        <button type="button" class="small" onClick={() => void act(clear(address))}>
          Empty
        </button>
      </div>
      <ol>
        {entries.map((entry, at) => (
          <li
            key={at}
            draggable
            class={dragged === at ? "dragged" : ""}
            onDragStart={(event) => {
              setDragged(at);
              event.dataTransfer?.setData("text/plain", String(at));
            }}
            onDragEnd={() => setDragged(null)}
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault();
              if (dragged !== null && dragged !== at) place(dragged, at);
              setDragged(null);
            }}
          >
            <span class={`state ${entry.status_code < 400 ? "answered" : "failed"}`}>{entry.status_code}</span>
            <span class="words">{gistOf(entry)}</span>
            <button type="button" class="small" aria-label={`Move answer ${at + 1} up`} disabled={at === 0} onClick={() => place(at, at - 1)}>
              ↑
            </button>
            <button
              type="button"
              class="small"
              aria-label={`Move answer ${at + 1} down`}
              disabled={at === entries.length - 1}
              onClick={() => place(at, at + 1)}
            >
              ↓
            </button>
            <button
              type="button"
              class="small"
              aria-label={`Remove answer ${at + 1}`}
              onClick={() => void act(replace(address, entries.filter((_, other) => other !== at)))}
            >
              ✕
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
