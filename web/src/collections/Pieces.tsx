import { useEffect, useRef } from "react";
import { ReadText } from "./ReadText";
import type { Piece } from "./reading";
import styles from "./Reader.module.css";

interface PiecesProps {
  pieces: Piece[];
  chosen: string | null;
  /** The one that the address names: it is brought into view once. */
  named: string | null;
  onChoose: (id: string) => void;
}

/** The text, chunk by chunk; a heading is said where it changes. */
export function Pieces({ pieces, chosen, named, onChoose }: PiecesProps) {
  const place = useRef<HTMLLIElement>(null);
  useEffect(() => {
    // Newer browsers answer with a promise, which is nothing to clean up with.
    place.current?.scrollIntoView({ block: "center" });
  }, [named]);
  return (
    <ol className={styles.pieces}>
      {pieces.map(({ chunk, number, heading, text }, i) => {
        if (!chunk)
          return (
            <li key={`between-${i}`} className={styles.between} title="In no chunk">
              {text}
            </li>
          );
        return (
          <li
            key={chunk.id}
            ref={chunk.id === named ? place : undefined}
            className={styles.piece}
            data-chosen={chunk.id === chosen}
          >
            {heading && <p className={styles.heading}>{heading}</p>}
            <button type="button" aria-expanded={chunk.id === chosen} onClick={() => onChoose(chunk.id)}>
              <span className="unseen">Chunk </span>
              {number}
              <span className={styles.size}>
                {chunk.page !== null && `p. ${chunk.page} · `}
                {chunk.tokens} tokens
              </span>
            </button>
            <div className={styles.words} onClick={() => onChoose(chunk.id)}>
              <ReadText text={text} />
            </div>
          </li>
        );
      })}
    </ol>
  );
}
