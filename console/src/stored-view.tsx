// What a session has stored, by kind, and each in full.
import { useEffect, useState } from "preact/hooks";
import { ask, pathOf } from "./api";
import { bytes, plural, pretty, thousands } from "./format";
import { changes, fail, known } from "./live";
import { go, place } from "./location";
import { chosenSession, SessionChoice } from "./session-choice";
import { nameOf, pageOf, sortKinds } from "./stored";
import type { OneResource, Resource, ResourceList } from "./types";

export default function StoredView() {
  const session = chosenSession();
  return (
    <div class="stored">
      <div class="bar">
        <SessionChoice also={{ kind: "", resource: "" }} />
      </div>
      {session ? <StoredOf key={session} session={session} /> : <p class="empty">No session yet.</p>}
    </div>
  );
}

function StoredOf({ session }: { session: string }) {
  const kind = place.value.kind ?? "";
  const chosen = place.value.resource ?? "";
  const answered = known.lanes.get(session)?.answered;
  const [list, setList] = useState<ResourceList | null>(null);
  const [more, setMore] = useState<Resource[]>([]);
  useEffect(() => {
    let isOver = false;
    ask<ResourceList>(pageOf(session, kind)).then((page) => {
      if (isOver) return;
      setList(page);
      setMore([]);
    }, fail);
    return () => {
      isOver = true;
    };
  }, [session, kind, changes.value, answered]);

  if (!list) return <p class="empty">Loading…</p>;
  const kinds = sortKinds(list.kinds);
  if (!kinds.length)
    return <p class="empty">This session has stored nothing: no response, conversation, file or other resource.</p>;
  const shown = [...list.data, ...more];
  const inKind = kind ? (list.kinds[kind] ?? 0) : kinds.reduce((sum, [, count]) => sum + count, 0);

  async function loadMore(): Promise<void> {
    const page = await ask<ResourceList>(pageOf(session, kind, shown.at(-1)?.number));
    setMore([...more, ...page.data]);
  }

  return (
    <>
      <div class="kinds" role="group" aria-label="Kinds">
        <Kind name="" label={`All · ${bytes(list.bytes)}`} />
        {kinds.map(([name, count]) => (
          <Kind key={name} name={name} label={`${name} · ${thousands(count)}`} />
        ))}
      </div>
      <div class={`stored-parts ${chosen ? "chosen" : ""}`}>
        <section aria-label="Resources">
          <table>
            <thead>
              <tr>
                <th scope="col">Kind</th>
                <th scope="col">Id</th>
                <th scope="col">Size</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((each) => (
                <tr key={each.number} class={String(each.number) === chosen ? "selected" : ""}>
                  <td>{each.kind}</td>
                  <td>
                    <button
                      type="button"
                      class="link"
                      aria-pressed={String(each.number) === chosen}
                      onClick={() => go({ resource: String(each.number) })}
                    >
                      {nameOf(each)}
                    </button>
                  </td>
                  <td class="when">{bytes(each.bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {shown.length < inKind && (
            <button type="button" onClick={() => void loadMore().catch(fail)}>
              Show more of {plural(inKind, "resource")}
            </button>
          )}
        </section>
        {chosen && <One key={chosen} session={session} number={chosen} />}
      </div>
    </>
  );
}

function Kind({ name, label }: { name: string; label: string }) {
  return (
    <button type="button" class="lane" aria-pressed={(place.value.kind ?? "") === name} onClick={() => go({ kind: name, resource: "" })}>
      {label}
    </button>
  );
}

function One({ session, number }: { session: string; number: string }) {
  const [found, setFound] = useState<OneResource | null>(null);
  const [missing, setMissing] = useState("");
  useEffect(() => {
    ask<OneResource>(pathOf(session, `resources/${number}`)).then(
      (resource) => {
        setFound(resource);
        setMissing("");
      },
      (error: unknown) => setMissing(error instanceof Error ? error.message : String(error)),
    );
  }, [session, number, changes.value]);
  return (
    <section class="one" aria-labelledby="resource">
      <div class="bar">
        <h2 id="resource">{found?.id ?? "Resource"}</h2>
        <button type="button" class="plain close" aria-label="Close" onClick={() => go({ resource: "" })}>
          ✕
        </button>
      </div>
      {missing && <p class="problem">{missing}</p>}
      {found && <pre tabIndex={0}>{pretty(found.value)}</pre>}
    </section>
  );
}
