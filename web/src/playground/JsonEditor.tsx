/** JSON to write in; what is wrong with it stands below, with line and column. */
import { type KeyboardEvent, useId } from "react";
import styles from "./JsonEditor.module.css";

interface JsonEditorProps {
  label: string;
  rows: number;
  value: string;
  problem: string | null;
  placeholder?: string;
  note?: string;
  onChange: (value: string) => void;
}

export function JsonEditor({ label, rows, value, problem, placeholder, note, onChange }: JsonEditorProps) {
  const toldId = useId();
  return (
    <div className={styles.editor}>
      <textarea
        aria-label={label}
        aria-invalid={problem !== null}
        aria-describedby={toldId}
        className={styles.text}
        rows={Math.max(rows, Math.min(40, value.split("\n").length))}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        wrap="off"
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={keepIndent}
      />
      <p id={toldId} className={problem === null ? styles.note : styles.problem} aria-live="polite">
        {problem ?? note}
      </p>
    </div>
  );
}

/** A new line begins where the one before it began. */
function keepIndent(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return;
  const { value, selectionStart } = event.currentTarget;
  const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
  const indent = /^\s*/.exec(line)?.[0] ?? "";
  if (!indent) return;
  event.preventDefault();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way that leaves Undo whole
  document.execCommand("insertText", false, `\n${indent}`);
}
