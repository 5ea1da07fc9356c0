/** The sources of an answer, in the order of their numbers. */
import type { ReactNode } from "react";
import type { Citation } from "../api/types";
import { Icon } from "../kit/Icon";
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
            <Source citation={citation} isOpened={citation === opened} onSource={onSource}>
              <span className={styles.number}>{citation.n}</span>
            </Source>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Where to look, below an answer that says that the documents do not tell. */
export function Closest({ passages, opened, onSource }: { passages: Citation[] } & Omit<CitationsProps, "citations">) {
  return (
    <section aria-label="Closest to the question" className={styles.closest}>
      <h3>Closest to the question</h3>
      <ul>
        {passages.map((passage) => (
          <li key={passage.n}>
            <Source citation={passage} isOpened={passage === opened} onSource={onSource}>
              <Icon name="file" />
            </Source>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface SourceProps {
  citation: Citation;
  isOpened: boolean;
  onSource: (citation: Citation) => void;
  /** What stands before its name. */
  children: ReactNode;
}

function Source({ citation, isOpened, onSource, children }: SourceProps) {
  return (
    <button
      type="button"
      className={styles.citation}
      aria-current={isOpened ? "true" : undefined}
      onClick={() => onSource(citation)}
    >
      {children}
      <span>
        <span className={styles.title}>{citation.title || citation.path}</span>{" "}
        <span className={styles.place}>{placeOf(citation)}</span>
      </span>
    </button>
  );
}
