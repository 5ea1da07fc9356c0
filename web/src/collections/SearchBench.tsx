/** Search as an assistant would, see why each passage ranks, and say which are good and which are bad. */
import { type KeyboardEvent, useState } from "react";
import { useSearchParams } from "wouter";
import type { Collection, FoundPassage } from "../api/types";
import { messageOf } from "../api/errors";
import { plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { useDebounced } from "../kit/useDebounced";
import { FoundCard } from "./FoundCard";
import { SetChooser } from "./SetChooser";
import { useEvaluationSets, useNewSet } from "./evaluating";
import { type Label, partsOf, placeKey, useJudge, useLabels, useSearch } from "./searching";
import styles from "./SearchBench.module.css";

const TYPING_MS = 300;

export function SearchBench({ collection }: { collection: Collection }) {
  const { name, rights } = collection;
  const [params, setParams] = useSearchParams();
  const [typed, setTyped] = useState(params.get("q") ?? "");
  const query = useDebounced(typed.trim(), TYPING_MS);
  const found = useSearch(name, query);
  const judging = useJudging(name, query);
  const passages = query === "" ? [] : (found.data?.passages ?? []);
  const reranked = found.data?.reranked ?? null;

  const keep = () => setParams(query === "" ? {} : { q: query }, { replace: true });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") keep();
  };
  return (
    <div className={styles.bench}>
      <div className={styles.ask}>
        <input
          type="search"
          aria-label="Search passages"
          placeholder="Ask as a reader would"
          maxLength={2000}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={onKeyDown}
          onBlur={keep}
        />
        {rights.judge && (
          <SetChooser
            collection={name}
            sets={judging.sets}
            chosen={judging.set}
            usual={`${name}-search`}
            onChoose={judging.choose}
          />
        )}
      </div>
      {judging.error !== null && <Failure error={judging.error} />}
      {query === "" && (
        <Empty title="Nothing is asked yet">
          <p>
            Type a question: the passages that an assistant would get appear, with what each was ranked by.
            {rights.judge && " Say which are good and which are bad: that makes an evaluation set to measure the search by."}
          </p>
        </Empty>
      )}
      {query !== "" && found.isPending && <Loading label="Searching" rows={9} />}
      {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
      <p role="status" className="unseen">
        {query !== "" && found.isSuccess && !found.isPlaceholderData && `${plural(passages.length, "passage")} found`}
      </p>
      {query !== "" && found.isSuccess && passages.length === 0 && (
        <Empty title="No passage is found">Nothing that you may read is near to it, by meaning or by words.</Empty>
      )}
      {passages.length > 0 && (
        <>
          <Legend all={passages} />
          {reranked && reranked.state !== "reranked" && (
            <p role="note">
              Not in the order of {reranked.model || "one model"}. {reranked.why}
            </p>
          )}
          <ol className={styles.found} aria-label="Passages found" aria-busy={found.isPlaceholderData}>
            {passages.map((passage, i) => (
              <FoundCard
                key={passage.id}
                collection={name}
                rank={i + 1}
                passage={passage}
                all={passages}
                query={query}
                label={judging.labels.get(placeKey(passage)) ?? null}
                onLabel={rights.judge ? (label) => judging.judge(passage, label) : null}
              />
            ))}
          </ol>
        </>
      )}
    </div>
  );
}

function Legend({ all }: { all: FoundPassage[] }) {
  return (
    <dl className={styles.legend}>
      {partsOf(all).map(({ id, name, hint }) => (
        <div key={id} data-part={id}>
          <dt>{name}</dt>
          <dd>{hint}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What is said goes into the chosen set; without any, one is made with the first word said. */
function useJudging(collection: string, query: string) {
  const sets = useEvaluationSets(collection);
  const [chosen, setChosen] = useState<string | null>(null);
  const all = sets.data ?? [];
  const set = chosen ?? all[0]?.name ?? `${collection}-search`;
  const isThere = all.some((each) => each.name === set);
  const labels = useLabels(isThere ? set : null, query);
  const make = useNewSet(collection);
  const put = useJudge(collection);

  const judge = async ({ document_id, digest, start, end }: FoundPassage, label: Label | null) => {
    if (!isThere) await make.mutateAsync(set);
    await put.mutateAsync({ set, judgement: { query, label, document_id, digest, start, end } });
  };
  return {
    sets: all,
    set,
    choose: setChosen,
    labels: labels.data ?? new Map<string, Label>(),
    error: make.error ?? put.error ?? labels.error ?? sets.error,
    // What goes wrong is shown from the mutation itself.
    judge: (passage: FoundPassage, label: Label | null) => void judge(passage, label).catch(messageOf),
  };
}
