// Why a rule answered, or why none did: rule by rule, the nearest first.
import { useEffect, useState } from "preact/hooks";
import { ask, pathOf } from "./api";
import { plural } from "./format";
import { changes } from "./live";
import type { ComparedRule, Comparison, Full } from "./types";

export function Compared({ session, number, full }: { session: string; number: number; full: Full }) {
  const [compared, setCompared] = useState<Comparison | null>(null);
  const [missing, setMissing] = useState("");
  useEffect(() => {
    ask<Comparison>(pathOf(session, `requests/${number}/rules`)).then(setCompared, (error: unknown) =>
      setMissing(String(error)),
    );
  }, [session, number, changes.value]);
  if (missing) return <p class="problem">{missing}</p>;
  if (!compared) return <p class="facts">Loading…</p>;
  if (!compared.data.length) return <p class="facts">The session has no rules.</p>;
  return (
    <div class="compared">
      <p class="facts">
        {plural(compared.rules, "rule")}, compared as they are now. The nearest is first.
      </p>
      <ol>
        {compared.data.map((rule) => (
          <Rule key={rule.rule} rule={rule} hasAnswered={rule.rule === full.rule} />
        ))}
      </ol>
    </div>
  );
}

function Rule({ rule, hasAnswered }: { rule: ComparedRule; hasAnswered: boolean }) {
  return (
    <li class={`rule ${rule.matches ? "matches" : ""}`}>
      <h3>
        {rule.rule}
        {hasAnswered && <span class="state answered">answered this</span>}
        {rule.matches && !hasAnswered && !rule.used_up && <span class="state answered">matches</span>}
        {rule.used_up && <span class="state failed">used up</span>}
        {rule.left !== null && !rule.used_up && <span class="facts"> may answer {plural(rule.left, "more time", "more times")}</span>}
      </h3>
      <ul>
        {rule.checks.map((check, at) => (
          <li key={at} class={check.holds ? "holds" : "differs"}>
            <span aria-hidden="true">{check.holds ? "✓" : "✗"}</span>
            <span class="unseen">{check.holds ? "holds: " : "differs: "}</span>
            {check.difference ?? (
              <>
                <code>{check.word}</code> holds
              </>
            )}
          </li>
        ))}
        {!rule.checks.length && <li class="holds">It has no match, so it matches everything.</li>}
      </ul>
    </li>
  );
}
