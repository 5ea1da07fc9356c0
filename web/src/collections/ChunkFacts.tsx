import type { Chunk } from "../api/types";
import { IconButton } from "../kit/Button";
import { formatCount } from "../kit/format";
import { PassageLinks } from "./PassageLinks";
import styles from "./ChunkFacts.module.css";

interface ChunkFactsProps {
  collection: string;
  chunk: Chunk;
  number: number;
  of: number;
  onClose: () => void;
}

/** What the index knows of one chunk, and the text that a model is given. */
export function ChunkFacts({ collection, chunk, number, of, onClose }: ChunkFactsProps) {
  const { id, start, end, heading, page, tokens, text } = chunk;
  const facts: [string, string][] = [
    ["Under", heading.join(" › ") || "no heading"],
    ["Page", page === null ? "the format has none" : String(page)],
    ["Tokens", formatCount(tokens)],
    ["Characters", `${formatCount(start)} to ${formatCount(end)}`],
    ["Id", id],
  ];
  return (
    <>
      <header className={styles.head}>
        <h2>
          Chunk {formatCount(number)} of {formatCount(of)}
        </h2>
        <IconButton icon="close" label="Close the chunk" onClick={onClose} />
      </header>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="About the chunk">
        <dl className={styles.facts}>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <h3>What a model is given</h3>
        <p className={styles.text}>{text}</p>
        <h3>Links</h3>
        <PassageLinks collection={collection} passage={id} />
      </div>
    </>
  );
}
