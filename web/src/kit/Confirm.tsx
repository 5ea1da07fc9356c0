/** A question before something that cannot be undone, or that costs something. */
import { type ReactNode, useEffect, useRef } from "react";
import { messageOf } from "../api/errors";
import { Button } from "./Button";
import styles from "./Confirm.module.css";

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
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="confirm-title" onClose={onClose}>
      <h2 id="confirm-title">{title}</h2>
      <div className={styles.text}>{children}</div>
      {error !== null && (
        <p role="alert" className={styles.error}>
          {messageOf(error)}
        </p>
      )}
      <div className={styles.actions}>
        <Button onClick={() => dialog.current?.close()}>Cancel</Button>
        <Button look={look} disabled={busy} onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </dialog>
  );
}
