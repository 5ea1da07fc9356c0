/** What else was decided: limits that counted it, what guardrails said, targets that were passed over, passages it was given. */
import type { ReactNode } from "react";
import type { TraceDecision } from "../api/types";
import { formatCount, formatUsd } from "../kit/format";
import { formatUs } from "./words";
import styles from "./RequestDetail.module.css";

export function Rules({ decision: { claims, verdicts, passed_over, retrieved, reranked } }: { decision: TraceDecision }) {
  return (
    <>
      <Listed title="Limits and budgets" lines={claims.map(claimOf)} />
      <Listed
        title="Guardrails"
        lines={verdicts.map(
          ({ guard, stage, outcome, us, found }) =>
            `${guard}, ${stage}: ${outcome}${found.length ? ` (${found.join(", ")})` : ""}, ${formatUs(us)}`,
        )}
      />
      <Listed title="Passed over" lines={passed_over.map(({ model, why }) => `${model}: ${why}`)} />
      <Listed
        title="Order of the passages"
        lines={reranked.map(({ model, state, ms, why }) =>
          [`${model || "no model"}: ${state}, ${ms.toFixed(1)} ms`, why].filter(Boolean).join(". "),
        )}
      />
      <Listed
        title="Documents it was given"
        lines={retrieved.map(({ collection, document_id, score }) => (
          <>
            {collection}, <code>{document_id}</code>, score {score.toFixed(3)}
          </>
        ))}
      />
    </>
  );
}

function claimOf({ name, subject, unit, amount, most, used }: TraceDecision["claims"][number]): string {
  const [told, word] = unit === "nano_usd" ? [formatUsd, ""] : [formatCount, unit === "parallel" ? " at once" : ` ${unit}`];
  const whose = name.includes(subject) ? name : `${name} of ${subject}`;
  return `${whose}: ${told(amount)} of ${told(most)}${word}${used === null ? "" : `, ${told(used)} used before`}`;
}

function Listed({ title, lines }: { title: string; lines: ReactNode[] }) {
  if (lines.length === 0) return null;
  return (
    <section className={styles.section} aria-label={title}>
      <h2>{title}</h2>
      <ul className={styles.caused}>
        {lines.map((line, i) => (
          <li key={i}>{line}</li>
        ))}
      </ul>
    </section>
  );
}
