/** The knowledge graph of a collection: entities are looked for, and one is shown with what documents say of it. */
import { useState } from "react";
import { Link, useSearchParams } from "wouter";
import type { Collection } from "../api/types";
import { formatCount, plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { useDebounced } from "../kit/useDebounced";
import { EntityView } from "./EntityView";
import { askedFor, entityHref, isAsked } from "./places";
import { useEntities, useGraphCounts } from "./queries";
import styles from "./GraphView.module.css";

const TYPING_MS = 250;

export function GraphView({ collection: { name } }: { collection: Collection }) {
  const [params] = useSearchParams();
  const chosen = askedFor(params);
  const [typed, setTyped] = useState("");
  const search = useDebounced(typed.trim(), TYPING_MS);
  const found = useEntities(name, search);
  return (
    <div className={styles.view}>
      <Counts collection={name} />
      <div className={styles.columns}>
        <section className={styles.found} aria-label="Entities">
          <input
            type="search"
            aria-label="Search entities"
            placeholder="A name, or a part of one"
            maxLength={200}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          {found.isPending && <Loading label="Searching" rows={9} />}
          {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
          <p role="status" className="unseen">
            {found.isSuccess &&
              !found.isPlaceholderData &&
              (found.data.length === 1 ? "1 entity found" : `${formatCount(found.data.length)} entities found`)}
          </p>
          {found.data?.length === 0 && (
            <Empty title="Nothing is called that">
              {search === ""
                ? "Documents get their facts when they are indexed. A collection from before this was there gets them with a new index."
                : "Nothing that you may read names it."}
            </Empty>
          )}
          {found.data && found.data.length > 0 && (
            <ul aria-label="Entities found" aria-busy={found.isPlaceholderData}>
              {found.data.map(({ iri, label, passages }) => (
                <li key={iri}>
                  <Link href={entityHref(name, iri)} aria-current={isAsked(iri, chosen) ? "true" : undefined}>
                    <span>{label}</span>
                    <span className={styles.count}>{formatCount(passages)}</span>
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </section>
        {chosen === "" ? (
          <Empty title="No entity is chosen">Choose one: what documents say of it appears, with the passages that say it.</Empty>
        ) : (
          <EntityView key={chosen} collection={name} iri={chosen} />
        )}
      </div>
    </div>
  );
}

function Counts({ collection }: { collection: string }) {
  const counts = useGraphCounts(collection);
  return (
    <p className={styles.faint}>
      {counts.data
        ? `${plural(counts.data.triples, "triple")} from ${plural(counts.data.documents, "document")} that you may read.`
        : "What documents say, as a graph."}
    </p>
  );
}
