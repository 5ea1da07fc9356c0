/** A question before something that cannot be undone, or that costs something. */
import type { ReactNode } from "react";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import styles from "./Dialog.module.css";

interface ConfirmProps {
  title: string;
  children: ReactNode;
  action: string;
  /** `main` where nothing is lost. */
  look?: "danger" | "main";
  busy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

export function Confirm({ title, children, action, look = "danger", busy, error, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog
      title={title}
      back="Cancel"
      action={
        <Button look={look} disabled={busy} onClick={onConfirm}>
          {action}
        </Button>
      }
      error={error}
      onClose={onClose}
    >
      <div className={styles.text}>{children}</div>
    </Dialog>
  );
}
