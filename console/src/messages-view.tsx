// What was said on a WebSocket connection.
import { bytes, duration, plural, pretty, thousands } from "./format";
import { go } from "./location";
import { groupMessages, type TalkMessage } from "./messages";
import type { Full } from "./types";

export function Messages({ full, messages, session }: { full: Full; messages: TalkMessage[]; session: string }) {
  const recorded = (full.connection as { messages_recorded?: number }).messages_recorded ?? messages.length;
  const dropped = recorded - messages.length;
  return (
    <div class="stream talk">
      <p class="facts">
        {plural(recorded, "message")}
        {full.ending === null && ", the connection is open"}
        {dropped > 0 && `; ${thousands(dropped)} of them are no longer kept`}.
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">After</th>
            <th scope="col">From</th>
            <th scope="col">Message</th>
            <th scope="col">Size</th>
          </tr>
        </thead>
        <tbody>
          {groupMessages(messages, full.at).map((group, at) => (
            <tr key={at}>
              <td class="when">{duration(group.after)}</td>
              <td class={`from ${group.by}`}>{group.by === "client" ? "client →" : "← server"}</td>
              <td class="gist">
                {group.exchange === null ? (
                  <details>
                    <summary>
                      <span class="facts">{group.gist}</span>
                      {group.count > 1 && `, ${plural(group.count, "message")}`} {group.words}
                    </summary>
                    <pre>{pretty(group.body)}</pre>
                  </details>
                ) : (
                  <button type="button" class="link" onClick={() => go({ exchange: `${session}/${group.exchange}`, tab: "" })}>
                    {group.gist}
                    {group.count > 1 && `, ${plural(group.count, "message")}`}
                  </button>
                )}
              </td>
              <td class="when">{bytes(group.bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
