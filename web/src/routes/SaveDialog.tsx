/** What saving would change, as lines of the file that `stoa apply` takes. */
import { useEffect, useRef } from "react";
import { messageOf } from "../api/errors";
import type { Change } from "../api/types";
import { Button } from "../kit/Button";
import { CopyButton } from "../kit/CopyButton";
import { diffOf, yamlLines } from "./yaml";
import styles from "./SaveDialog.module.css";

interface SaveDialogProps {
  /** What is saved, in the words of the page: route, guardrail. */
  noun: string;
  change: Change;
  busy: boolean;
  error: unknown;
  onSave: () => void;
  onClose: () => void;
}

export function SaveDialog({ noun, change: { name, change, before, after }, busy, error, onSave, onClose }: SaveDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const written = yamlLines(after);
  const lines = diffOf(before ? yamlLines(before) : [], written);
  const isNews = change !== "unchanged";
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="save-title" onClose={onClose}>
      <header className={styles.head}>
        <h2 id="save-title">{change === "created" ? `Make the ${noun} ${name}?` : `Save the ${noun} ${name}?`}</h2>
        <CopyButton label="Copy as YAML" text={() => `${written.join("\n")}\n`} />
      </header>
      <p className={styles.note}>
        {isNews ? "Every gateway serves it within two seconds. Requests under way end as they began." : "Nothing would change."}
      </p>
      <pre className={styles.diff} tabIndex={0} aria-label="Changes">
        {lines.map(({ mark, text }, i) => (
          <span key={i} data-mark={mark} className={styles.line}>
            <span className="unseen">{WORDS[mark]}</span>
            {`${mark} ${text}\n`}
          </span>
        ))}
      </pre>
      {error !== null && (
        <p role="alert" className={styles.error}>
          {messageOf(error)}
        </p>
      )}
      <div className={styles.actions}>
        <Button onClick={() => dialog.current?.close()}>Back</Button>
        <Button look="main" disabled={busy || !isNews} onClick={onSave}>
          {change === "created" ? "Make it" : "Save"}
        </Button>
      </div>
    </dialog>
  );
}

const WORDS = { " ": "", "-": "removed: ", "+": "added: " };
