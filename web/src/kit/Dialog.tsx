/** What is asked or shown before all else: a title, what there is to know, what went wrong, and the ways out. */
import { type ReactNode, useEffect, useId, useRef } from "react";
import { messageOf } from "../api/errors";
import { Button } from "./Button";
import styles from "./Dialog.module.css";

interface DialogProps {
  title: string;
  /** Beside the title. */
  aside?: ReactNode;
  width?: "narrow" | "wide";
  /** The way out that changes nothing. */
  back: string;
  /** The other way out; none where nothing can be changed. */
  action?: ReactNode;
  error: unknown;
  onClose: () => void;
  children: ReactNode;
}

export function Dialog({ title, aside, width = "narrow", back, action, error, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    const opener = document.activeElement;
    element?.showModal();
    return () => {
      // One that is taken away while it is open gives the focus back to nobody.
      if (!element?.isConnected && opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} className={[styles.dialog, styles[width]].join(" ")} aria-labelledby={id} onClose={onClose}>
      <header className={styles.head}>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
      {error !== null && (
        <p role="alert" className={styles.error}>
          {messageOf(error)}
        </p>
      )}
      <div className={styles.actions}>
        <Button onClick={() => dialog.current?.close()}>{back}</Button>
        {action}
      </div>
    </dialog>
  );
}
