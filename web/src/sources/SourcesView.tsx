/** Where the documents of a collection come from: each source with its state, and a form for another. */
import { useState } from "react";
import { Link, useSearchParams } from "wouter";
import type { Collection, Source } from "../api/types";
import { viewHref } from "../collections/places";
import { Button } from "../kit/Button";
import { Table } from "../kit/Table";
import { formatAgo, formatCount, formatDateTime, plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { useRights } from "../session/queries";
import { SourceDetail } from "./SourceDetail";
import { SourceForm } from "./SourceForm";
import { SourceMark } from "./SourceMark";
import { useSources } from "./queries";
import { didOf, inTime, rhythmOf, typeName } from "./words";
import styles from "./Sources.module.css";

export function SourcesView({ collection }: { collection: Collection }) {
  const sources = useSources(collection.name);
  const mayChange = useRights().change_sources;
  const [search] = useSearchParams();
  const [adding, setAdding] = useState(false);
  const all = sources.data ?? [];
  const here = viewHref(collection.name, "sources");
  const open = search.get("source");

  if (sources.isPending) return <Loading label="Loading sources" />;
  if (!sources.data) return <Failure error={sources.error} onRetry={() => void sources.refetch()} />;
  if (open !== null) return <SourceDetail key={open} collection={collection} name={open} back={here} />;
  if (adding) return <SourceForm collection={collection.name} onClose={() => setAdding(false)} />;
  return (
    <div className={styles.view}>
      <div className={styles.head}>
        <p className={styles.note}>
          {all.length > 0 ? `${plural(all.length, "source")} kept in step with ${collection.name}` : ""}
        </p>
        {mayChange && (
          <Button look="main" icon="add" onClick={() => setAdding(true)}>
            Add a source
          </Button>
        )}
      </div>
      {all.length === 0 && (
        <Empty title="No sources yet">
          <p>
            A source brings documents from a folder, a bucket, Git, a website, a database or mail, follows what changes there and
            who may read it.{!mayChange && " An operator adds one."}
          </p>
        </Empty>
      )}
      {all.length > 0 && (
        <Table caption={`Sources of ${collection.name}`} columns={["Source", "State", "Documents", "Last sync", "Next sync"]}>
          {all.map((source) => (
            <Row
              key={source.name}
              source={source}
              href={`${here}?source=${encodeURIComponent(source.name)}`}
              now={sources.dataUpdatedAt}
            />
          ))}
        </Table>
      )}
    </div>
  );
}

function Row({ source, href, now }: { source: Source; href: string; now: number }) {
  const { name, type, description, documents, failed, last_sync: last, next_sync_at: next } = source;
  const hasMessage = last?.message && (last.state === "failed" || last.state === "unconfirmed");
  return (
    <tr>
      <th scope="row" className={styles.source}>
        <Link href={href} className={styles.name}>
          {name}
        </Link>
        <span className={styles.about}>
          {typeName(type)}
          {description && `, ${description}`}
        </span>
        {hasMessage && <span className={styles.error}>{last.message}</span>}
      </th>
      <td data-label="State">
        <SourceMark source={source} />
      </td>
      <td data-label="Documents">
        {formatCount(documents)}
        {failed > 0 && <span className={styles.failed}>, {formatCount(failed)} failed</span>}
      </td>
      <td data-label="Last sync" title={last ? formatDateTime(last.started_at) : undefined}>
        {last ? formatAgo(last.started_at, now) : "Never"}
        {last && <span className={styles.about}>{didOf(last)}</span>}
      </td>
      <td data-label="Next sync" title={next ? formatDateTime(next) : undefined}>
        {next ? inTime(next, now) : "–"}
        <span className={styles.about}>{rhythmOf(source)}</span>
      </td>
    </tr>
  );
}
