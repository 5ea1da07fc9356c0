/** Lines of what was and what is: those that went, those that came, those that stayed. */
import styles from "./MarkedLines.module.css";

export interface MarkedLine {
  mark: " " | "-" | "+";
  text: string;
}

interface MarkedLinesProps {
  lines: MarkedLine[];
  /** Lines of a file are not broken, and are copied with their marks. */
  look: "text" | "file";
}

export function MarkedLines({ lines, look }: MarkedLinesProps) {
  return lines.map(({ mark, text }, i) => (
    <span key={i} data-mark={mark} className={[styles.line, styles[look]].join(" ")}>
      <span className="unseen">{WORDS[mark]}</span>
      {look === "file" ? `${mark} ${text}\n` : text || " "}
    </span>
  ));
}

const WORDS = { " ": "", "-": "removed: ", "+": "added: " };
