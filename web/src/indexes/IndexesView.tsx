/** The versions of a collection's index: the one that is searched, one built beside it, one kept for a way back. */
import { useState } from "react";
import type { Anew, Collection, Index } from "../api/types";
import { Button } from "../kit/Button";
import { Confirm } from "../kit/Confirm";
import { Table } from "../kit/Table";
import { formatCount, formatDateTime, plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { Version } from "./Version";
import { useBuild, useIndexes } from "./queries";
import { takes } from "./words";
import styles from "./Indexes.module.css";

export function IndexesView({ collection }: { collection: Collection }) {
  const indexes = useIndexes(collection.name);
  if (indexes.isPending) return <Loading label="Loading versions" />;
  if (!indexes.data) return <Failure error={indexes.error} onRetry={() => void indexes.refetch()} />;
  const { data: all, anew } = indexes.data;
  if (all.length === 0) return <Empty title="No index yet">It gets one with its first documents.</Empty>;
  const live = all.filter(({ state }) => state !== "dropped");
  const gone = all.filter(({ state }) => state === "dropped");
  const serving = live.find(({ state }) => state === "serving");
  return (
    <div className={styles.view}>
      <div className={styles.head}>
        <p className={styles.note}>
          Made with {anew.embedding_model}, chunks of at most {formatCount(anew.chunk_tokens)} tokens, as the collection says.
        </p>
        {collection.rights.change_indexes && <Build collection={collection.name} anew={anew} live={live} />}
      </div>
      <ul className={styles.versions} aria-label="Versions">
        {live.map((index) => (
          <li key={index.version}>
            <Version collection={collection} index={index} serving={serving} kept={live.find(({ state }) => state === "kept")} />
          </li>
        ))}
      </ul>
      {gone.length > 0 && (
        <details className={styles.gone}>
          <summary>{plural(gone.length, "version")} let go</summary>
          <Table caption="Versions let go" look="compact" columns={["Version", "Made with", "Chunk tokens", "Built", "Let go"]}>
            {gone.map((index) => (
              <tr key={index.version}>
                <th scope="row">{index.version}</th>
                <td data-label="Made with">{index.embedding_model}</td>
                <td data-label="Chunk tokens">{formatCount(index.chunk_tokens)}</td>
                <td data-label="Built">{formatDateTime(index.created_at)}</td>
                <td data-label="Let go">{formatDateTime(index.changed_at)}</td>
              </tr>
            ))}
          </Table>
        </details>
      )}
    </div>
  );
}

function Build({ collection, anew, live }: { collection: string; anew: Anew; live: Index[] }) {
  const [asking, setAsking] = useState(false);
  const build = useBuild(collection);
  const building = live.find(({ state }) => state === "building");
  return (
    <>
      <Button icon="again" onClick={() => setAsking(true)}>
        Build anew
      </Button>
      {asking && (
        <Confirm
          title="Build the index anew?"
          action="Build it"
          look="main"
          busy={build.isPending}
          error={build.error}
          onConfirm={() => build.mutate(undefined, { onSuccess: () => setAsking(false) })}
          onClose={() => {
            setAsking(false);
            build.reset();
          }}
        >
          <p>{takes(anew)} Nothing is fetched or parsed again.</p>
          <p>
            Questions go to the present version until the new one is whole. Until the version before it is let go, the index takes
            about twice its room.
          </p>
          {building && <p>Version {building.version} is given up, unless its job had stopped: then that one goes on.</p>}
        </Confirm>
      )}
    </>
  );
}
