/** A job of the collection while it runs, and its outcome with the files that failed. */
import type { Job } from "../api/types";
import { Button, IconButton } from "../kit/Button";
import { plural } from "../kit/format";
import { Progress } from "./Progress";
import { useCancelJob } from "./queries";
import { useFollowedJob } from "./useFollowedJob";
import styles from "./JobProgress.module.css";

interface JobProgressProps {
  first: Job;
  onEnd: (job: Job) => void;
  onDismiss: () => void;
}

export function JobProgress({ first, onEnd, onDismiss }: JobProgressProps) {
  const job = useFollowedJob(first, onEnd);
  const cancel = useCancelJob();
  const isOpen = !job.ended_at;
  return (
    <section className={styles.job} aria-label={`Job ${job.kind}`}>
      <div className={styles.row}>
        <p role="status">{summaryOf(job)}</p>
        {isOpen && job.pages_per_second !== null && <p className={styles.rate}>{job.pages_per_second.toFixed(1)} pages/s</p>}
        {isOpen ? (
          <Button disabled={cancel.isPending} onClick={() => cancel.mutate(job.id)}>
            Cancel
          </Button>
        ) : (
          <IconButton small icon="close" label="Put away" onClick={onDismiss} />
        )}
      </div>
      {isOpen && <Progress label="Progress of the job" part={job.total ? (job.done + job.failed) / job.total : 0} />}
      {job.message && <p className={styles.message}>{job.message}</p>}
      {job.errors.length > 0 && (
        <ul className={styles.errors} aria-label="Files that failed">
          {job.errors.map(({ path, reason }) => (
            <li key={path}>
              <strong>{path}</strong> {reason}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function summaryOf({ state, done, failed, total, pages }: Job): string {
  const counts = [
    total ? `${done} of ${plural(total, "document")} read` : "nothing to read",
    pages ? plural(pages, "page") : "",
    failed ? `${failed} failed` : "",
  ];
  const text = counts.filter(Boolean).join(", ");
  switch (state) {
    case "waiting":
    case "queued":
      return `Waiting to begin: ${plural(total, "document")}`;
    case "running":
      return text;
    case "succeeded":
      return `Done: ${text}`;
    case "cancelled":
      return `Cancelled: ${text}`;
    case "failed":
      return `Failed: ${text}`;
  }
}
