import { bytes, clockTime, duration, money, plural, thousands } from "./format";
import { known, version } from "./live";
import { NO_FILTERS, selected } from "./live-view";
import { go } from "./location";
import { summarize, type Count, type Statistics } from "./statistics";

export default function StatisticsView() {
  void version.value;
  const statistics = summarize(selected.value);
  const all = known.rows.length;
  if (!all) return <p class="empty">No exchange yet.</p>;
  return (
    <div class="statistics">
      {statistics.total < all && (
        <p class="facts">
          Of {plural(all, "exchange")} those that the filters of <strong>Live</strong> choose.{" "}
          <button type="button" class="small" onClick={() => go(NO_FILTERS)}>
            Count all
          </button>
        </p>
      )}
      <ul class="figures">
        <Figure says="exchanges" value={thousands(statistics.total)} />
        <Figure says="median from head to end" value={duration(statistics.seconds.median)} />
        <Figure says="nine of ten within" value={duration(statistics.seconds.ninth)} />
        <Figure says="longest" value={duration(statistics.seconds.most)} />
        <Figure says="tokens of prompts" value={thousands(statistics.tokens.prompt)} />
        <Figure says="tokens of answers" value={thousands(statistics.tokens.answer)} />
        <Figure
          says={statistics.unpriced ? `at OpenAI’s prices, without ${plural(statistics.unpriced, "answer")} of unknown price` : "at OpenAI’s prices"}
          value={money(statistics.cost)}
        />
        <Figure says="sent" value={bytes(statistics.bytesSent)} />
        <Figure says="sessions" value={thousands(known.lanes.size)} />
      </ul>
      <Times parts={statistics.overTime} />
      <div class="charts">
        <Bars title="By state" counts={statistics.byState} />
        <Bars title="By status" counts={statistics.byStatus} />
        <Bars title="By endpoint" counts={statistics.byEndpoint} />
        <Bars title="By model" counts={statistics.byModel} />
        <Bars title="By time from head to end" counts={statistics.byDuration} />
        {statistics.tokensByModel.length > 0 && <Bars title="Tokens by model" counts={statistics.tokensByModel} />}
        {statistics.cost > 0 && <Bars title="Cost by model" counts={statistics.costByModel} show={money} />}
      </div>
    </div>
  );
}

function Figure({ says, value }: { says: string; value: string }) {
  return (
    <li>
      <strong>{value}</strong>
      <span class="facts">{says}</span>
    </li>
  );
}

function Bars({ title, counts, show = thousands }: { title: string; counts: Count[]; show?: (count: number) => string }) {
  const most = Math.max(...counts.map(({ count }) => count), Number.MIN_VALUE);
  return (
    <table class="bars">
      <caption>{title}</caption>
      <tbody>
        {counts.slice(0, 12).map(({ name, count }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="bar-cell">
              <svg width="100%" height="12" aria-hidden="true" focusable="false">
                <rect x="0" y="1" width={`${(count / most) * 100}%`} height="10" rx="2" />
              </svg>
            </td>
            <td class="number">{show(count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Times({ parts }: { parts: Statistics["overTime"] }) {
  const most = Math.max(...parts.map((part) => part.count), 1);
  const width = 100 / parts.length;
  const first = parts[0];
  const last = parts.at(-1);
  const failed = parts.reduce((sum, part) => sum + part.failed, 0);
  return (
    <figure class="times">
      <figcaption>
        Exchanges over time, {plural(failed, "failed or unmatched one", "failed or unmatched ones")} in red
      </figcaption>
      <svg viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        {parts.map((part, at) => (
          <g key={part.at}>
            <rect x={at * width} y={30 - (part.count / most) * 30} width={width * 0.85} height={(part.count / most) * 30} />
            <rect
              class="failed"
              x={at * width}
              y={30 - (part.failed / most) * 30}
              width={width * 0.85}
              height={(part.failed / most) * 30}
            />
          </g>
        ))}
      </svg>
      <p class="facts between">
        <span>{first && clockTime(first.at)}</span>
        <span>{last && clockTime(last.at)}</span>
      </p>
    </figure>
  );
}
