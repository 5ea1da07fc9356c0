/** The passage behind a citation, within what surrounds it. The rights are asked for again each time it is opened. */
import { useEffect, useRef } from "react";
import { ApiError } from "../api/errors";
import type { Citation, OpenedCitation } from "../api/types";
import { IconButton } from "../kit/Button";
import { Icon } from "../kit/Icon";
import { Empty, Failure, Loading } from "../kit/states";
import { placeOf } from "./place";
import { quotedPieces } from "./quoted";
import { citesRows, useCitation } from "./queries";
import styles from "./SourcePanel.module.css";

/** How much of the panel shows what stands before the passage. */
const CONTEXT_ABOVE = 0.18;

interface SourcePanelProps {
  citation: Citation;
  /** The text that cites it: the sentences it took over stand out. */
  answer: string;
  onClose: () => void;
}

export function SourcePanel({ citation, answer, onClose }: SourcePanelProps) {
  const passage = useCitation(citation);
  const rows = citesRows(citation);
  const isGone = passage.error instanceof ApiError && passage.error.status === 404;
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), [citation]);

  return (
    <>
      <header className={styles.head}>
        {new RegExp(`\\[[\\d,;\\s]*\\b${citation.n}\\b`).test(answer) && (
          <p className={styles.number}>
            <span className="unseen">Source </span>
            {citation.n}
          </p>
        )}
        <div className={styles.names}>
          <h2 ref={title} tabIndex={-1}>
            {citation.title || citation.path}
          </h2>
          <p className={styles.path}>{citation.path}</p>
        </div>
        <IconButton icon="close" label="Close the source" onClick={onClose} />
      </header>
      <p className={styles.place}>{placeOf(citation)}</p>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="Passage">
        {rows && <Passage view={{ before: "", passage: citation.passage, after: "" }} answer={answer} />}
        {passage.isPending && !rows && <Loading label="Opening the source" rows={9} />}
        {isGone && (
          <Empty title="You can no longer open this document">It was removed, or you no longer have the right to read it.</Empty>
        )}
        {passage.isError && !isGone && <Failure error={passage.error} onRetry={() => void passage.refetch()} />}
        {passage.data?.state === "changed" && (
          <p className={styles.changed} role="note">
            The document has changed since it was cited and does not hold this passage any more. It read:
          </p>
        )}
        {passage.data && <Passage view={passage.data} answer={answer} />}
      </div>
      {passage.data && (
        <footer className={styles.foot}>
          <a href={`/api/documents/${citation.document_id}/original`} target="_blank" rel="noopener">
            Open the original <Icon name="open" size={15} />
          </a>
        </footer>
      )}
    </>
  );
}

interface PassageProps {
  view: Pick<OpenedCitation, "before" | "passage" | "after">;
  answer: string;
}

function Passage({ view: { before, passage, after }, answer }: PassageProps) {
  const mark = useRef<HTMLElement>(null);
  useEffect(() => {
    const box = mark.current?.closest("[role=region]");
    const place = mark.current?.querySelector("strong") ?? mark.current;
    if (!place || !box) return;
    const above = place.getBoundingClientRect().top - box.getBoundingClientRect().top;
    box.scrollTop += above - box.clientHeight * CONTEXT_ABOVE;
  }, [passage]);
  return (
    <p className={styles.text}>
      {before}
      <mark ref={mark}>
        {quotedPieces(passage, answer).map(({ text, isQuoted }, i) => (isQuoted ? <strong key={i}>{text}</strong> : text))}
      </mark>
      {after}
    </p>
  );
}
