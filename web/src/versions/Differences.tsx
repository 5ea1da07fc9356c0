/** What differs between two versions, field by field. */
import type { Difference } from "../api/types";
import { MarkedLines } from "../kit/MarkedLines";
import { fieldName, linesOf } from "./words";
import styles from "./Versions.module.css";

export function Differences({ found }: { found: Difference[] }) {
  if (found.length === 0) return <p className={styles.note}>Nothing differs.</p>;
  return (
    <dl className={styles.differences} tabIndex={0} aria-label="What differs">
      {found.map((each) => (
        <div key={each.field}>
          <dt>{fieldName(each.field)}</dt>
          <dd>
            <MarkedLines lines={linesOf(each)} look="text" />
          </dd>
        </div>
      ))}
    </dl>
  );
}
