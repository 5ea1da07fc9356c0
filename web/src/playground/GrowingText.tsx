/** A text field that grows with what is written in it. */
import type { ClipboardEvent } from "react";
import styles from "./GrowingText.module.css";

interface GrowingTextProps {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
  onPaste?: (event: ClipboardEvent<HTMLTextAreaElement>) => void;
}

export function GrowingText({ label, placeholder, value, onChange, onPaste }: GrowingTextProps) {
  return (
    <div className={styles.grow} data-text={value}>
      <textarea
        rows={1}
        aria-label={label}
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onPaste={onPaste}
      />
    </div>
  );
}
