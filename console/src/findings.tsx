// What verify finds in a session.
import { useState } from "preact/hooks";
import { ask, pathOf } from "./api";
import { fail } from "./live";

interface Verdict {
  passed: boolean;
  findings: { name: string; sentence: string }[];
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
