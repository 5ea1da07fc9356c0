/** A job of the collection while it runs, and its outcome with the files that failed. */
import type { Job } from "../api/types";
import { Button, IconButton } from "../kit/Button";
import { plural } from "../kit/format";
import { Progress } from "./Progress";
import { paceOf } from "./pace";
import { useCancelJob } from "./queries";
import { useFollowedJob } from "./useFollowedJob";
import styles from "./JobProgress.module.css";

interface JobProgressProps {
  first: Job;
  mayCancel?: boolean;
  onEnd: (job: Job) => void;
  onDismiss: () => void;
}

export function JobProgress({ first, mayCancel = true, onEnd, onDismiss }: JobProgressProps) {
  const job = useFollowedJob(first, onEnd);
  const cancel = useCancelJob();
  const isOpen = !job.ended_at;
  const pace = paceOf(job);
  return (
    <section className={styles.job} aria-label={`Job ${job.kind}`}>
      <div className={styles.row}>
        <p role="status">{summaryOf(job)}</p>
        {isOpen && mayCancel && (
          <Button disabled={cancel.isPending} onClick={() => cancel.mutate(job.id)}>
            Cancel
          </Button>
        )}
        {!isOpen && <IconButton small icon="close" label="Put away" onClick={onDismiss} />}
      </div>
      {isOpen && <Progress label="Progress of the job" part={job.total ? (job.done + job.failed) / job.total : 0} />}
      {pace && <p className={styles.pace}>{pace}</p>}
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
