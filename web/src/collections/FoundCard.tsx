import { Link } from "wouter";
import type { FoundPassage } from "../api/types";
import { IconButton } from "../kit/Button";
import { placeOf } from "../conversations/place";
import { ReadText } from "./ReadText";
import { documentHref } from "./places";
import { type Label, partsOf, shareOf, whyOf, wordsMarked } from "./searching";
import styles from "./FoundCard.module.css";

interface FoundCardProps {
  collection: string;
  rank: number;
  passage: FoundPassage;
  all: FoundPassage[];
  query: string;
  label: Label | null;
  /** Null for those who may not judge. */
  onLabel: ((label: Label | null) => void) | null;
}

/** A passage that was found, what it was ranked by, and what is said of it. */
export function FoundCard({ collection, rank, passage, all, query, label, onLabel }: FoundCardProps) {
  const { document_id: id, title, path, start, text, digest } = passage;
  const name = title || path;
  return (
    <li className={styles.card} data-label={label}>
      <div className={styles.head}>
        <span className={styles.rank} aria-label={`Rank ${rank}`}>
          {rank}
        </span>
        <div className={styles.names}>
          <Link href={documentHref(collection, id, start)} className={styles.title}>
            {name}
          </Link>
          <p className={styles.place}>{[placeOf(passage), path !== name && path].filter(Boolean).join(" · ")}</p>
        </div>
        {onLabel && (
          <div className={styles.labels}>
            <IconButton
              icon="up"
              label={`Good: ${name}, rank ${rank}`}
              aria-pressed={label === "good"}
              disabled={digest === null}
              onClick={() => onLabel(label === "good" ? null : "good")}
            />
            <IconButton
              icon="thumbDown"
              label={`Bad: ${name}, rank ${rank}`}
              aria-pressed={label === "bad"}
              disabled={digest === null}
              onClick={() => onLabel(label === "bad" ? null : "bad")}
            />
          </div>
        )}
      </div>
      <div className={styles.text}>
        <ReadText
          text={text}
          words={(stretch) =>
            wordsMarked(stretch, query).map(({ text: piece, isWord }, i) => (isWord ? <mark key={i}>{piece}</mark> : piece))
          }
        />
      </div>
      <p className={styles.why}>{whyOf(passage, all)}</p>
      <dl className={styles.parts}>
        {partsOf(all).map((part) => {
          const value = passage[part.id];
          return (
            <div key={part.id} data-part={part.id}>
              <dt title={part.hint}>{part.name}</dt>
              <dd>
                <span className={styles.bar} aria-hidden="true">
                  <svg width="100%" height="100%" preserveAspectRatio="none" viewBox="0 0 100 10">
                    <rect width={100 * shareOf(passage, part.id, all)} height="10" />
                  </svg>
                </span>
                <span className={styles.value}>{value === null ? "–" : part.text(value)}</span>
              </dd>
            </div>
          );
        })}
      </dl>
    </li>
  );
}
