/** What saving would change, as lines of the file that `stoa apply` takes. */
import type { Change } from "../api/types";
import { Button } from "../kit/Button";
import { CopyButton } from "../kit/CopyButton";
import { Dialog } from "../kit/Dialog";
import { MarkedLines } from "../kit/MarkedLines";
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
  const written = yamlLines(after);
  const lines = diffOf(before ? yamlLines(before) : [], written);
  const isNews = change !== "unchanged";
  return (
    <Dialog
      title={change === "created" ? `Make the ${noun} ${name}?` : `Save the ${noun} ${name}?`}
      aside={<CopyButton label="Copy as YAML" text={() => `${written.join("\n")}\n`} />}
      width="wide"
      back="Back"
      action={
        <Button look="main" disabled={busy || !isNews} onClick={onSave}>
          {change === "created" ? "Make it" : "Save"}
        </Button>
      }
      error={error}
      onClose={onClose}
    >
      <p className={styles.note}>
        {isNews ? "Every gateway serves it within two seconds. Requests under way end as they began." : "Nothing would change."}
      </p>
      <pre className={styles.diff} tabIndex={0} aria-label="Changes">
        <MarkedLines lines={lines} look="file" />
      </pre>
    </Dialog>
  );
}
