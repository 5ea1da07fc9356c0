/** One source: how it is, what can be done, what could not be read, and its syncs. */
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { Collection, SourceDetail as Detail, SourceSync } from "../api/types";
import { Progress } from "../collections/Progress";
import { Button } from "../kit/Button";
import { Confirm } from "../kit/Confirm";
import { Menu, MenuItem } from "../kit/Menu";
import { afterwards } from "../kit/afterwards";
import { formatCount, plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { useRights } from "../session/queries";
import { SourceMark } from "./SourceMark";
import { SyncHistory } from "./SyncHistory";
import { isSyncing, useCancelSync, usePause, useRemoveSource, useSource, useSync, useSyncJob, useTest } from "./queries";
import { rhythmOf, typeName } from "./words";
import styles from "./Sources.module.css";

interface SourceDetailProps {
  collection: Collection;
  name: string;
  back: string;
}

export function SourceDetail({ collection, name, back }: SourceDetailProps) {
  const source = useSource(name);
  return (
    <section className={styles.view} aria-label={name}>
      <Link href={back}>All sources</Link>
      {source.isPending && <Loading label="Loading the source" rows={6} />}
      {source.isError && <Failure error={source.error} onRetry={() => void source.refetch()} />}
      {source.data && <Opened source={source.data} maySync={collection.rights.sync_sources} back={back} />}
    </section>
  );
}

function Opened({ source, maySync, back }: { source: Detail; maySync: boolean; back: string }) {
  const { name, type, description, documents, failed, last_sync: last, errors } = source;
  const mayChange = useRights().change_sources;
  const [sync, test, pause] = [useSync(name), useTest(), usePause(name)];
  const isPush = type === "push";
  const wrong = sync.error ?? test.error ?? pause.error;
  return (
    <>
      <header className={styles.head}>
        <h2>{name}</h2>
        <SourceMark source={source} />
        <span className={styles.actions}>
          {mayChange && !isPush && (
            <Button disabled={test.isPending} onClick={() => test.mutate({ name })}>
              {test.isPending ? "Testing" : "Test"}
            </Button>
          )}
          {maySync && !isPush && (
            <Button look="main" icon="again" disabled={sync.isPending || isSyncing(source)} onClick={() => sync.mutate(false)}>
              Sync now
            </Button>
          )}
          {mayChange && <Actions source={source} onPause={(paused) => pause.mutate(paused)} back={back} />}
        </span>
      </header>
      <p className={styles.note}>
        {[typeName(type), description, rhythmOf(source)].filter(Boolean).join(" · ")} · {plural(documents, "document")}
        {failed > 0 && `, ${formatCount(failed)} could not be read`}
      </p>
      {test.data && (
        <p role="status" className={test.data.reached ? styles.good : styles.bad}>
          {test.data.message}
        </p>
      )}
      {wrong && <Failure error={wrong} />}
      {last?.state === "running" && !isPush && <Running sync={last} />}
      {last?.state === "failed" && last.message && <p className={styles.bad}>{last.message}</p>}
      {last?.state === "unconfirmed" && (
        <Unconfirmed sync={last} mayConfirm={maySync} busy={sync.isPending} onConfirm={() => sync.mutate(true)} />
      )}
      {isPush && <PushHelp name={name} />}
      {errors.length > 0 && (
        <section className={styles.section}>
          <h3>Could not be read</h3>
          <ul className={styles.errors}>
            {errors.map(({ path, reason }) => (
              <li key={path}>
                <strong>{path}</strong> {reason}
              </li>
            ))}
          </ul>
        </section>
      )}
      <section className={styles.section}>
        <h3>Syncs</h3>
        {last ? (
          <SyncHistory name={name} last={last} />
        ) : (
          <Empty title="It was never synced">{isPush ? "Nothing was sent yet." : "Sync it now, or wait for its time."}</Empty>
        )}
      </section>
    </>
  );
}

/** How far the job is, and the way to stop it. */
function Running({ sync }: { sync: SourceSync }) {
  const job = useSyncJob(sync.id).data;
  const cancel = useCancelSync();
  return (
    <div className={styles.running}>
      <div className={styles.row}>
        <p role="status">
          {job?.message ?? (job?.total ? `Fetching ${plural(job.total, "document")}` : "Looking at what is there")}
        </p>
        <Button disabled={cancel.isPending} onClick={() => cancel.mutate(sync.id)}>
          Cancel
        </Button>
      </div>
      <Progress label="Progress of the sync" part={job?.total ? (job.done + job.failed) / job.total : 0} />
    </div>
  );
}

interface UnconfirmedProps {
  sync: SourceSync;
  mayConfirm: boolean;
  busy: boolean;
  onConfirm: () => void;
}

function Unconfirmed({ sync, mayConfirm, busy, onConfirm }: UnconfirmedProps) {
  const [asking, setAsking] = useState(false);
  const told = sync.message?.replace(/ If it is meant:.*$/s, "") ?? "";
  return (
    <div className={styles.warning}>
      <p>{told}</p>
      {mayConfirm && <Button onClick={() => setAsking(true)}>They are meant to go</Button>}
      {asking && (
        <Confirm
          title="Take these documents away?"
          action="Sync and remove"
          busy={busy}
          error={null}
          onConfirm={() => {
            onConfirm();
            setAsking(false);
          }}
          onClose={() => setAsking(false)}
        >
          <p>A sync begins, and whatever is gone from the source by then will no longer be found.</p>
        </Confirm>
      )}
    </div>
  );
}

function Actions({ source, onPause, back }: { source: Detail; onPause: (paused: boolean) => void; back: string }) {
  const { name, paused, documents, type } = source;
  const [leaving, setLeaving] = useState(false);
  const remove = useRemoveSource();
  const [, go] = useLocation();
  return (
    <>
      <Menu label={`Actions for ${name}`}>
        {type !== "push" && (
          <MenuItem icon={paused ? "play" : "stop"} onSelect={() => onPause(!paused)}>
            {paused ? "Let it go on" : "Pause"}
          </MenuItem>
        )}
        <MenuItem icon="remove" danger onSelect={() => setLeaving(true)}>
          Remove
        </MenuItem>
      </Menu>
      {leaving && (
        <Confirm
          title="Remove this source?"
          action="Remove"
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => afterwards(remove.mutateAsync(name), () => go(back))}
          onClose={() => {
            setLeaving(false);
            remove.reset();
          }}
        >
          <p>
            Its {plural(documents, "document")} {documents === 1 ? "goes" : "go"} with it. Nothing changes where they come from.
          </p>
        </Confirm>
      )}
    </>
  );
}

function PushHelp({ name }: { name: string }) {
  return (
    <div className={styles.help}>
      <p>Your applications send each document with a management key:</p>
      <pre>
        <code>{`curl -X PUT -H "Authorization: Bearer $STOA_TOKEN" \\
  --data-binary @leave.md \\
  "${window.location.origin}/api/sources/${name}/documents?path=hr/leave.md&allow=group:hr"`}</code>
      </pre>
    </div>
  );
}
