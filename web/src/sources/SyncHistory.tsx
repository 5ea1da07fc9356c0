import type { SourceSync } from "../api/types";
import { Button } from "../kit/Button";
import { Table } from "../kit/Table";
import { formatBytes, formatCount, formatDateTime } from "../kit/format";
import { Failure, Loading } from "../kit/states";
import { useSyncs } from "./queries";
import { causeName, didOf, seconds } from "./words";
import styles from "./Sources.module.css";

/** The newest first. */
export function SyncHistory({ name, last }: { name: string; last: SourceSync }) {
  const syncs = useSyncs(name, last.id, last.state === "running");
  if (syncs.isPending) return <Loading label="Loading syncs" />;
  if (syncs.isError) return <Failure error={syncs.error} onRetry={() => void syncs.refetch()} />;
  const all = syncs.data.pages.flatMap((page) => page.data);
  return (
    <>
      <Table
        caption={`Syncs of ${name}`}
        look="compact"
        columns={["Began", "State", "What it did", "Listed", "Fetched", "Took", "Rights in force after"]}
      >
        {all.map((sync) => (
          <Row key={sync.id} sync={sync} />
        ))}
      </Table>
      {syncs.hasNextPage && (
        <Button disabled={syncs.isFetchingNextPage} onClick={() => void syncs.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  );
}

function Row({ sync }: { sync: SourceSync }) {
  const { cause, state, message, listed, bytes, started_at: began, ended_at: ended, acl_lag_ms: lag } = sync;
  return (
    <tr>
      <th scope="row" className={styles.began}>
        {formatDateTime(began)}
        <span className={styles.about}>{causeName(cause)}</span>
      </th>
      <td data-label="State">
        <span className={styles.state} data-state={state === "running" ? "syncing" : state}>
          {state}
        </span>
      </td>
      <td data-label="What it did" className={styles.did}>
        {didOf(sync) || "–"}
        {message && <span className={styles.error}>{message}</span>}
      </td>
      <td data-label="Listed">{formatCount(listed)}</td>
      <td data-label="Fetched">{bytes ? formatBytes(bytes) : "–"}</td>
      <td data-label="Took">{ended ? seconds(Date.parse(ended) - Date.parse(began)) : "–"}</td>
      <td data-label="Rights in force after">{lag === null ? "–" : seconds(lag)}</td>
    </tr>
  );
}
