/** One evaluation set: its queries with what is said of passages, and the search measured by them. */
import { useState } from "react";
import { Link } from "wouter";
import type { EvaluationItem, EvaluationScores, EvaluationSet } from "../api/types";
import { Button } from "../kit/Button";
import { formatCount, plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { percent, useItems, useScores } from "./evaluating";
import { documentHref, viewHref } from "./places";
import styles from "./EvaluationView.module.css";

export function SetDetail({ collection, set, back }: { collection: string; set: EvaluationSet; back: string }) {
  const items = useItems(set.name);
  const scores = useScores(set.name);
  const [model, setModel] = useState("");
  const measure = () => scores.mutate(model.trim() || null);
  const all = items.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <section className={styles.view} aria-label={set.name}>
      <Link href={back}>All evaluation sets</Link>
      <header className={styles.head}>
        <h2>{set.name}</h2>
        <p>
          {formatCount(set.queries)} {set.queries === 1 ? "query" : "queries"}, {plural(set.judgements, "judgement")}
        </p>
        <input
          type="text"
          aria-label="Rerank model to measure, beside the order without it"
          placeholder="Rerank model, to compare"
          maxLength={63}
          value={model}
          onChange={(event) => setModel(event.target.value)}
        />
        <Button look="main" icon="play" disabled={scores.isPending || set.judgements === 0} onClick={measure}>
          {scores.isPending ? "Measuring" : "Measure the search"}
        </Button>
      </header>
      {scores.isError && <Failure error={scores.error} onRetry={measure} />}
      <div role="status">{scores.data && <Scores {...scores.data} />}</div>
      {items.isPending && <Loading label="Loading queries" rows={6} />}
      {items.isError && <Failure error={items.error} onRetry={() => void items.refetch()} />}
      {items.isSuccess && all.length === 0 && <Empty title="Nothing is said in it yet">Judge passages on Search.</Empty>}
      {all.length > 0 && (
        <ul className={styles.items} aria-label="Queries">
          {all.map((item) => (
            <Item
              key={item.query}
              item={item}
              collection={collection}
              ranks={scores.data?.scores.each.find((each) => each.query === item.query)?.ranks ?? null}
            />
          ))}
        </ul>
      )}
      {items.hasNextPage && (
        <Button disabled={items.isFetchingNextPage} onClick={() => void items.fetchNextPage()}>
          Show more
        </Button>
      )}
    </section>
  );
}

interface ScoresProps {
  scores: EvaluationScores;
  /** The same without a rerank model, where one is measured. */
  without: EvaluationScores | null;
}

function Scores({ scores, without }: ScoresProps) {
  const figures = figuresOf(scores);
  if (figures === null) {
    return <p className={styles.note}>No query has a good passage that is still there and that you may read.</p>;
  }
  const before = without && figuresOf(without);
  return (
    <>
      <dl className={styles.figures}>
        {figures.map(([name, value, hint], i) => (
          <div key={name}>
            <dt title={hint}>{name}</dt>
            <dd>
              {value}
              {before && <span className={styles.note}> {before[i]?.[1]} without it</span>}
            </dd>
          </div>
        ))}
      </dl>
      <p className={styles.note}>Queries with a good passage that you may read: {formatCount(scores.queries)}</p>
      {(scores.reranked > 0 || scores.not_reranked.length > 0) && (
        <p className={styles.note}>
          Queries whose passages a model put in order: {formatCount(scores.reranked)}. {scores.not_reranked.join(" ")}
        </p>
      )}
    </>
  );
}

function figuresOf({ recall, mrr, bad }: EvaluationScores): [name: string, value: string, hint: string][] | null {
  if (recall === null || mrr === null) return null;
  return [
    ...Object.entries(recall).map(([k, share]): [string, string, string] => [
      `recall@${k}`,
      percent(share),
      `Good passages among the first ${k}`,
    ]),
    ["MRR", mrr.toFixed(3), "Mean of 1 / rank of the first good passage"],
    ["Bad found", bad === null ? "–" : bad.toFixed(2), "Bad passages in the first ten of a query"],
  ];
}

interface ItemProps {
  item: EvaluationItem;
  collection: string;
  ranks: (number | null)[] | null;
}

function Item({ item: { query, judgements, hidden }, collection, ranks }: ItemProps) {
  return (
    <li className={styles.item}>
      <div className={styles.query}>
        <Link href={`${viewHref(collection, "search")}?q=${encodeURIComponent(query)}`}>{query}</Link>
        {ranks && ranks.length > 0 && (
          <span className={styles.ranks}>{ranks.map((rank) => (rank === null ? "not found" : `rank ${rank}`)).join(", ")}</span>
        )}
      </div>
      <ul>
        {judgements.map((each) => (
          <li key={`${each.document_id}-${each.start}`} className={styles.judgement}>
            <span className={styles.label} data-label={each.label}>
              {each.label}
            </span>
            <Link href={documentHref(collection, each.document_id, each.present ? each.start : undefined)}>{each.path}</Link>
            {!each.present && <span className={styles.changed}>changed since</span>}
            <span className={styles.passage}>{each.text}</span>
          </li>
        ))}
      </ul>
      {hidden > 0 && (
        <p className={styles.note}>{plural(hidden, "judgement")} of documents that are gone, or not yours to read</p>
      )}
    </li>
  );
}
