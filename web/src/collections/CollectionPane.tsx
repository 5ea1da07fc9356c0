/** One collection: add documents by dropping files, watch them being read, see what is there and who may read it. */
import { type DragEvent, useState } from "react";
import { Link } from "wouter";
import type { Collection, Job } from "../api/types";
import { Icon } from "../kit/Icon";
import { formatCount, plural } from "../kit/format";
import { AddFiles } from "./AddFiles";
import { Documents } from "./Documents";
import { JobProgress } from "./JobProgress";
import { useOpenJobs, useRefreshCollection } from "./queries";
import styles from "./CollectionPane.module.css";

export function CollectionPane({ collection }: { collection: Collection }) {
  const { name, team, description, documents, chunks, failed } = collection;
  const [files, setFiles] = useState<File[]>([]);
  const [started, setStarted] = useState<Job[]>([]);
  const [dragging, setDragging] = useState(false);
  const openJobs = useOpenJobs(name);
  const refresh = useRefreshCollection(name);

  const begin = (job: Job) => {
    setStarted((jobs) => [job, ...jobs]);
    void refresh();
  };
  const known = new Set(started.map((job) => job.id));
  const jobs = [...started, ...(openJobs.data ?? []).filter((job) => !known.has(job.id))];

  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setDragging(false);
    setFiles((chosen) => [...chosen, ...Array.from(event.dataTransfer.files)]);
  };
  return (
    <section
      className={dragging ? `${styles.pane ?? ""} ${styles.dragging ?? ""}` : styles.pane}
      aria-label={name}
      onDragEnter={(event) => setDragging(event.dataTransfer.types.includes("Files"))}
      onDragOver={(event) => event.preventDefault()}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDragging(false);
      }}
      onDrop={onDrop}
    >
      <Link href="/collections" className={styles.back}>
        All collections
      </Link>
      <header className={styles.head}>
        <div>
          <h1>{name}</h1>
          {description && <p>{description}</p>}
        </div>
        <dl className={styles.facts}>
          <Fact name="Team" value={team} />
          <Fact name="Documents" value={formatCount(documents)} />
          <Fact name="Chunks" value={formatCount(chunks)} />
          <Fact name="Failed" value={formatCount(failed)} />
        </dl>
      </header>
      <AddFiles collection={collection} files={files} onFiles={setFiles} onStarted={begin} />
      {jobs.map((job) => (
        <JobProgress
          key={job.id}
          first={job}
          onEnd={(ended) => {
            // It stays on the screen with its outcome until it is put away.
            setStarted((all) => [ended, ...all.filter((each) => each.id !== ended.id)]);
            void refresh();
          }}
          onDismiss={() => setStarted((all) => all.filter((each) => each.id !== job.id))}
        />
      ))}
      <Documents collection={name} onRemoved={() => void refresh()} />
      {dragging && (
        <p className={styles.veil} aria-hidden="true">
          <Icon name="upload" size={28} />
          Drop to add to {name} ({plural(documents, "document")} so far)
        </p>
      )}
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
