/** What a list shows when it has nothing to show: it waits, it is empty, or it failed. */
import type { ReactNode } from "react";
import { messageOf } from "../api/errors";
import { Button } from "./Button";
import { Icon } from "./Icon";
import styles from "./states.module.css";

/** Lines in the place of the list to come, so that nothing moves when it does. */
export function Loading({ label, rows = 4 }: { label: string; rows?: number }) {
  return (
    <div className={styles.loading} role="status">
      <span className="unseen">{label}</span>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} className={styles.line} />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <p className={styles.title}>{title}</p>
      {children}
    </div>
  );
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div className={styles.failure} role="alert">
      <Icon name="warning" />
      <p>{messageOf(error)}</p>
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}
