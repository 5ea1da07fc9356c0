/** Where a request's time went: a row a stage, and below the wait for models a row for each that was asked. */
import type { TraceDecision } from "../api/types";
import { KINDS, STAGES, formatUs } from "./words";
import styles from "./Waterfall.module.css";

interface Row {
  key: string;
  name: string;
  told: string;
  look: "stage" | "answered" | "failed" | "unused";
  start: number;
  end: number;
}

export function Waterfall({ decision }: { decision: TraceDecision }) {
  const rows = rowsOf(decision);
  const whole = Math.max(1, ...rows.map(({ end }) => end));
  return (
    <table className={styles.waterfall}>
      <caption className="unseen">Where the time went</caption>
      <thead className="unseen">
        <tr>
          <th scope="col">What</th>
          <th scope="col">When</th>
          <th scope="col">How long</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key} data-look={row.look}>
            <th scope="row">
              <span className={styles.name}>{row.name}</span>
              {row.told && <span className={styles.told}>{row.told}</span>}
            </th>
            <td>
              <span className="unseen">after {formatUs(row.start)}</span>
              <svg className={styles.track} viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
                <rect
                  className={styles.bar}
                  x={Math.min(994, (row.start / whole) * 1000)}
                  width={Math.max(6, ((row.end - row.start) / whole) * 1000)}
                  height="10"
                />
              </svg>
            </td>
            <td>{formatUs(row.end - row.start)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function rowsOf({ stages, tries }: TraceDecision): Row[] {
  const rows: Row[] = stages.map(({ stage, start_us, end_us }) => ({
    key: stage,
    name: STAGES[stage] ?? stage,
    told: "",
    look: "stage",
    start: start_us,
    end: end_us,
  }));
  const asked = tries.map((each, i): Row => ({
    key: `try ${i}`,
    name: each.model,
    told: toldOf(each),
    look: each.answered && !each.error ? "answered" : each.error === "lost" ? "unused" : "failed",
    start: each.asked_us,
    end: each.ended_us,
  }));
  const at = stages.findIndex(({ stage }) => stage === "upstream");
  rows.splice(at < 0 ? rows.length : at + 1, 0, ...asked);
  return rows;
}

function toldOf({ kind, answered, status, error, asked_us, content_us }: TraceDecision["tries"][number]): string {
  const parts = [KINDS[kind] ?? kind];
  if (error === "lost") parts.push("another was faster");
  else if (error === "no_answer") parts.push("gave no answer");
  else if (error) parts.push(status && !answered ? `${status} ${error}` : error);
  if (content_us !== null) parts.push(`first content after ${formatUs(content_us - asked_us)}`);
  return parts.join(", ");
}
