/** The sources of an answer, in the order of their numbers. */
import type { Citation } from "../api/types";
import { placeOf } from "./place";
import styles from "./Citations.module.css";

interface CitationsProps {
  citations: Citation[];
  opened: Citation | null;
  onSource: (citation: Citation) => void;
}

export function Citations({ citations, opened, onSource }: CitationsProps) {
  return (
    <section aria-label="Sources">
      <ol className={styles.citations}>
        {citations.map((citation) => (
          <li key={citation.n}>
            <button
              type="button"
              className={styles.citation}
              aria-current={citation === opened ? "true" : undefined}
              onClick={() => onSource(citation)}
            >
              <span className={styles.number}>{citation.n}</span>
              <span>
                <span className={styles.title}>{citation.title || citation.path}</span>{" "}
                <span className={styles.place}>{placeOf(citation)}</span>
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
