/** One version: how it stands, how far its job is, how its search compares, and what can be done about it. */
import { useQueryClient } from "@tanstack/react-query";
import type { Collection, Index } from "../api/types";
import { JobProgress } from "../collections/JobProgress";
import { Button } from "../kit/Button";
import { formatCount, formatDateTime, plural } from "../kit/format";
import { Failure } from "../kit/states";
import { Report } from "./Report";
import { RollBack, SwitchTo } from "./Moves";
import { refreshIndexes, useCompare, useIndexJob } from "./queries";
import { STANDINGS, standingOf } from "./words";
import styles from "./Indexes.module.css";

interface VersionProps {
  collection: Collection;
  index: Index;
  serving: Index | undefined;
  kept: Index | undefined;
}

export function Version({ collection, index, serving, kept }: VersionProps) {
  const { version, state, embedding_model: model, chunk_tokens: tokens, lacking, report } = index;
  const { name, rights } = collection;
  const queries = useQueryClient();
  const compare = useCompare(name);
  const job = useIndexJob(index);
  const standing = standingOf(index, job);
  const title = `version-${version}`;
  return (
    <article className={styles.version} aria-labelledby={title}>
      <header className={styles.head}>
        <h2 id={title}>Version {version}</h2>
        <span className={styles.state} data-state={standing}>
          {STANDINGS[standing]}
        </span>
        {rights.change_indexes && state !== "serving" && serving && (
          <span className={styles.actions}>
            <Button disabled={compare.isPending || standing === "building"} onClick={() => compare.mutate(version)}>
              {compare.isPending ? "Comparing" : `Compare with version ${serving.version}`}
            </Button>
            {state === "kept" && <RollBack collection={name} index={index} serving={serving} />}
            {state === "building" && (
              <SwitchTo collection={name} index={index} serving={serving} kept={kept} disabled={lacking > 0} />
            )}
          </span>
        )}
      </header>
      <p className={styles.note}>
        {model} · chunks of {formatCount(tokens)} tokens ·{" "}
        {state === "building"
          ? `begun ${formatDateTime(index.created_at)}`
          : `${state === "kept" ? "kept" : "searched"} since ${formatDateTime(index.changed_at)}`}
        {lacking > 0 && ` · ${plural(lacking, "document")} not in it as they are now`}
      </p>
      {compare.error && <Failure error={compare.error} />}
      {compare.isPending && (
        <p role="status" className={styles.note}>
          Up to 200 questions are asked of both, and each is embedded by the model of each.
        </p>
      )}
      {job && !job.ended_at && (
        <JobProgress
          key={job.id}
          first={job}
          mayCancel={rights.change_indexes}
          onEnd={() => void refreshIndexes(queries, name)}
          onDismiss={() => void refreshIndexes(queries, name)}
        />
      )}
      {job?.ended_at && job.message && state === "building" && <p className={styles.said}>{job.message}</p>}
      {standing === "stopped" && rights.change_indexes && (
        <p className={styles.note}>Build anew goes on with it where it stopped, if the collection says the same as then.</p>
      )}
      {report && <Report report={report} version={version} />}
    </article>
  );
}
