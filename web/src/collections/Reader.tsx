/** One document as it was read: its text, where the index cuts it, and what each piece is. */
import { useEffect, useRef, useState } from "react";
import { Link, useSearchParams } from "wouter";
import { ApiError } from "../api/errors";
import type { Collection, Document } from "../api/types";
import { Button } from "../kit/Button";
import { Icon } from "../kit/Icon";
import { SidePanel } from "../kit/SidePanel";
import { formatBytes, formatCount, formatDateTime, plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { NARROW, useMedia } from "../kit/useMedia";
import { ChunkFacts } from "./ChunkFacts";
import { Pieces } from "./Pieces";
import { Versions } from "./Versions";
import { Rights, StateMark } from "./marks";
import { viewHref } from "./places";
import { allPieces, useChunks, useDocument } from "./reading";
import styles from "./Reader.module.css";

export function Reader({ collection, id }: { collection: Collection; id: string }) {
  const document = useDocument(id);
  const isGone = document.error instanceof ApiError && document.error.status === 404;
  return (
    <section className={styles.reader} aria-label="Document">
      <nav aria-label="Back">
        <Link href={viewHref(collection.name, "documents")}>Documents of {collection.name}</Link>
      </nav>
      {document.isPending && <Loading label="Opening the document" rows={8} />}
      {isGone && <Empty title="There is no such document">It was removed, or you have no right to read it.</Empty>}
      {document.isError && !isGone && <Failure error={document.error} onRetry={() => void document.refetch()} />}
      {document.data && <Opened document={document.data} />}
    </section>
  );
}

function Opened({ document }: { document: Document }) {
  const { id, collection, title, path, state, error, acl, deny, pages, chunks, bytes, updated_at: changed } = document;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <header className={styles.head}>
        <h1 ref={heading} tabIndex={-1}>
          {title || path}
        </h1>
        <p className={styles.path}>{path}</p>
        <dl className={styles.facts}>
          <dt>State</dt>
          <dd>
            <StateMark state={state} />
          </dd>
          <dt>Who may read</dt>
          <dd>
            <Rights acl={acl} deny={deny} />
          </dd>
          <dt>Size</dt>
          <dd>
            {[formatBytes(bytes), pages && plural(pages, "page"), chunks !== null && plural(chunks, "chunk")]
              .filter(Boolean)
              .join(", ")}
          </dd>
          <dt>Changed</dt>
          <dd>{formatDateTime(changed)}</dd>
        </dl>
        {error && <p className={styles.error}>{error}</p>}
        <Versions id={id} />
        <a className={styles.original} href={`/api/documents/${id}/original`} target="_blank" rel="noopener">
          Open the original <Icon name="open" size={15} />
        </a>
      </header>
      {state === "failed" ? (
        <Empty title="Nothing of it can be found">
          <p>It could not be read, so no answer uses it. Mend the original and add it again under the same name.</p>
        </Empty>
      ) : (
        <Text key={id} id={id} collection={collection} />
      )}
    </>
  );
}

function Text({ id, collection }: { id: string; collection: string }) {
  const [search] = useSearchParams();
  const at = /^\d+$/.test(search.get("at") ?? "") ? Number(search.get("at")) : null;
  const chunks = useChunks(id, at);
  const [chosen, setChosen] = useState<string | null>(null);
  const isNarrow = useMedia(NARROW);
  const pieces = allPieces(chunks.data);
  const last = chunks.data?.pages.at(-1);
  const open = pieces.find(({ chunk }) => chunk !== null && chunk.id === chosen);
  // Until another is chosen, the one that the address names.
  const named =
    chosen === null ? pieces.find(({ chunk }) => chunk && at !== null && chunk.start <= at && at < chunk.end) : undefined;
  const shown = open ?? named;

  if (chunks.isPending) return <Loading label="Loading the text" rows={10} />;
  if (chunks.isError) return <Failure error={chunks.error} onRetry={() => void chunks.refetch()} />;
  if (pieces.length === 0) return <Empty title="The index holds nothing of it yet">It will as soon as its job is done.</Empty>;
  return (
    <div className={shown?.chunk && !isNarrow ? styles.two : styles.one}>
      <div className={styles.text} role="group" aria-label="Text in chunks">
        {chunks.hasPreviousPage && (
          <Button disabled={chunks.isFetchingPreviousPage} onClick={() => void chunks.fetchPreviousPage()}>
            Show what stands before
          </Button>
        )}
        <Pieces pieces={pieces} chosen={shown?.chunk?.id ?? null} named={named?.chunk?.id ?? null} onChoose={setChosen} />
        {chunks.hasNextPage && (
          <Button disabled={chunks.isFetchingNextPage} onClick={() => void chunks.fetchNextPage()}>
            Show more of {formatCount(last?.chunks ?? 0)} chunks
          </Button>
        )}
      </div>
      {shown?.chunk && (!isNarrow || open) && (
        <div className={styles.side}>
          <SidePanel label="Chunk" modal={isNarrow} from="right" onClose={() => setChosen("")}>
            <ChunkFacts
              collection={collection}
              chunk={shown.chunk}
              number={shown.number}
              of={last?.chunks ?? 0}
              onClose={() => setChosen("")}
            />
          </SidePanel>
        </div>
      )}
    </div>
  );
}
