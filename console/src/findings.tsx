// What verify finds in a session.
import { useEffect, useState } from "preact/hooks";
import { ask, pathOf } from "./api";
import { fail } from "./live";

interface Verdict {
  passed: boolean;
  findings: { name: string; sentence: string; requests: number[] }[];
}

/** What verify finds about one request; nothing for those who may not verify. */
export function FindingsOf({ session, number }: { session: string; number: number }) {
  const [sentences, setSentences] = useState<string[]>([]);
  useEffect(() => {
    let isOver = false;
    ask<Verdict>(pathOf(session, "verify"), {}).then(
      ({ findings }) =>
        !isOver && setSentences(findings.filter((each) => each.requests.includes(number)).map((each) => each.sentence)),
      () => undefined,
    );
    return () => {
      isOver = true;
    };
  }, [session, number]);
  if (!sentences.length) return null;
  return (
    <section aria-labelledby="findings-of">
      <h3 id="findings-of">Findings</h3>
      <ul class="found">
        {sentences.map((sentence, at) => (
          <li key={at}>{sentence}</li>
        ))}
      </ul>
    </section>
  );
}

export function Findings({ session }: { session: string }) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  return (
    <>
      <h2>Verdict</h2>
      <p>
        <button type="button" onClick={() => void ask<Verdict>(pathOf(session, "verify"), {}).then(setVerdict, fail)}>
          Verify
        </button>
      </p>
      {verdict && (
        <div role="status">
          <span class={`state ${verdict.passed ? "answered" : "failed"}`}>{verdict.passed ? "passed" : "not passed"}</span>
          <ul class="found">
            {verdict.findings.map((each, at) => (
              <li key={at}>{each.sentence}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
