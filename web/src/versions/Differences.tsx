/** What differs between two versions, field by field. */
import type { Difference } from "../api/types";
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
            {linesOf(each).map(({ mark, text }, i) => (
              <span key={i} data-mark={mark} className={styles.line}>
                <span className="unseen">{WORDS[mark]}</span>
                {text || " "}
              </span>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const WORDS = { " ": "", "-": "removed: ", "+": "added: " };
