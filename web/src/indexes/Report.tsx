/** How the search of a version compares with that of the one that was searched then. */
import type { Comparison } from "../api/types";
import { Table } from "../kit/Table";
import { formatDateTime } from "../kit/format";
import { askedOf, difference } from "./words";
import styles from "./Indexes.module.css";

const FIGURES = [
  { name: "Recall@10", of: "recall" },
  { name: "MRR", of: "mrr" },
] as const;

export function Report({ report, version }: { report: Comparison; version: number }) {
  const { before, after, over, at } = report;
  return (
    <section className={styles.report} aria-label={`Version ${version} compared with version ${over}`}>
      <h3>Compared with version {over}</h3>
      <p className={styles.note}>
        {askedOf(report)} {formatDateTime(at)}.
      </p>
      {before && after ? (
        <Table
          caption="What was judged, and how well each version finds it"
          look="compact"
          columns={["Figure", `Version ${over}`, `Version ${version}`, "Difference"]}
        >
          {FIGURES.map(({ name, of }) => (
            <tr key={of}>
              <th scope="row">{name}</th>
              <td data-label={`Version ${over}`}>{figure(before[of])}</td>
              <td data-label={`Version ${version}`}>{figure(after[of])}</td>
              <td data-label="Difference" className={colour(before[of], after[of])}>
                {difference(before[of], after[of])}
              </td>
            </tr>
          ))}
        </Table>
      ) : (
        <p className={styles.note}>Nothing was judged, so it says how alike they search, not which finds more of what is good.</p>
      )}
    </section>
  );
}

const figure = (value: number | null): string => (value === null ? "–" : value.toFixed(3));

function colour(before: number | null, after: number | null): string | undefined {
  const by = (after ?? 0) - (before ?? 0);
  return Math.abs(by) < 0.0005 ? undefined : by > 0 ? styles.better : styles.worse;
}
