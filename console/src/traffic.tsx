// What went to which host, who asked outside of any session, and how a client is set up.
import { useEffect, useState } from "preact/hooks";
import { ask } from "./api";
import { Copy } from "./exchange";
import { clockTime } from "./format";
import { fail, known, version } from "./live";
import { runtimes } from "./runtimes";

interface Egress {
  host: string;
  answered: number;
  passed: number;
  refused: number;
  forwarded: number;
  with_key: number;
}

interface Unclaimed {
  number: number;
  at: number;
  method: string;
  host: string;
  path: string;
  session: string;
}

export default function TrafficView() {
  void version.value;
  const [egress, setEgress] = useState<Egress[]>([]);
  const [unclaimed, setUnclaimed] = useState<Unclaimed[]>([]);
  useEffect(() => {
    ask<{ data: Egress[] }>("/_emulator/egress").then(({ data }) => setEgress(data), fail);
    ask<{ data: Unclaimed[] }>("/_emulator/unclaimed").then(({ data }) => setUnclaimed(data.slice(-50).reverse()), fail);
  }, [version.value]);
  return (
    <div class="traffic">
      <section aria-labelledby="set-up">
        <h2 id="set-up">Set up a client</h2>
        <p class={known.rows.length ? "came" : "facts"} role="status">
          {known.rows.length
            ? `Requests come: the last one at ${clockTime(known.rows.at(-1)?.brief.at ?? 0)}.`
            : "No request has come yet. This line changes with the first one."}
        </p>
        {runtimes(window.location.origin).map(({ name, lines }) => (
          <details key={name} open={name === "By a base URL"}>
            <summary>{name}</summary>
            <pre tabIndex={0}>{lines}</pre>
            <Copy label={`lines: ${name}`} says="Copy" text={() => lines} />
          </details>
        ))}
      </section>
      <section aria-labelledby="hosts">
        <h2 id="hosts">Hosts</h2>
        {egress.length ? (
          <table>
            <thead>
              <tr>
                <th scope="col">Host</th>
                <th scope="col">Answered</th>
                <th scope="col">Passed</th>
                <th scope="col">Refused</th>
                <th scope="col">Forwarded</th>
                <th scope="col">With a key</th>
              </tr>
            </thead>
            <tbody>
              {egress.map((each) => (
                <tr key={each.host} class={each.with_key ? "differs" : ""}>
                  <th scope="row">{each.host}</th>
                  <td>{each.answered}</td>
                  <td>{each.passed}</td>
                  <td>{each.refused}</td>
                  <td>{each.forwarded}</td>
                  <td>{each.with_key}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <p class="facts">Nothing yet.</p>
        )}
      </section>
      <section aria-labelledby="unclaimed">
        <h2 id="unclaimed">Requests of nobody’s test</h2>
        <p class="facts">Without a key, or with a key for which no script was loaded.</p>
        {unclaimed.length > 0 && (
          <table>
            <tbody>
              {unclaimed.map((each) => (
                <tr key={each.number}>
                  <td class="when">{clockTime(each.at)}</td>
                  <td>
                    {each.method} {each.host}
                    {each.path}
                  </td>
                  <td>{each.session ? `…${each.session}` : "no key"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </div>
  );
}
