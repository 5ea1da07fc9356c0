/** The documents of a collection: add some by dropping files, watch them being read, see what is there and who may read it. */
import { type DragEvent, useState } from "react";
import type { Collection, Job } from "../api/types";
import { Icon } from "../kit/Icon";
import { plural } from "../kit/format";
import { AddFiles } from "./AddFiles";
import { Documents } from "./Documents";
import { JobProgress } from "./JobProgress";
import { useOpenJobs, useRefreshCollection } from "./queries";
import styles from "./DocumentsView.module.css";

export function DocumentsView({ collection }: { collection: Collection }) {
  const { name, documents, rights } = collection;
  const [files, setFiles] = useState<File[]>([]);
  const [started, setStarted] = useState<Job[]>([]);
  const [dragging, setDragging] = useState(false);
  const openJobs = useOpenJobs(name, rights.ingest);
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
  const dropping = {
    onDragEnter: (event: DragEvent) => setDragging(event.dataTransfer.types.includes("Files")),
    onDragOver: (event: DragEvent) => event.preventDefault(),
    onDragLeave: (event: DragEvent) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDragging(false);
    },
    onDrop,
  };
  return (
    <div
      className={dragging ? `${styles.view ?? ""} ${styles.dragging ?? ""}` : styles.view}
      role="group"
      aria-label={`Documents of ${name}`}
      {...(rights.ingest ? dropping : {})}
    >
      {rights.ingest && <AddFiles collection={collection} files={files} onFiles={setFiles} onStarted={begin} />}
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
      <Documents collection={collection} onRemoved={() => void refresh()} />
      {dragging && (
        <p className={styles.veil} aria-hidden="true">
          <Icon name="upload" size={28} />
          Drop to add to {name} ({plural(documents, "document")} so far)
        </p>
      )}
    </div>
  );
}
