/** A text field that grows with what is written in it. */
import type { ComponentProps } from "react";
import styles from "./GrowingText.module.css";

interface GrowingTextProps extends Omit<ComponentProps<"textarea">, "value" | "onChange" | "rows" | "aria-label"> {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

export function GrowingText({ label, value, onChange, className, ...rest }: GrowingTextProps) {
  return (
    <div className={[styles.grow, className].filter(Boolean).join(" ")} data-text={value}>
      <textarea {...rest} rows={1} aria-label={label} value={value} onChange={(event) => onChange(event.target.value)} />
    </div>
  );
}
