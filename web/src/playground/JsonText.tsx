/** JSON, coloured. */
import { memo } from "react";
import { jsonTokens } from "./text";
import styles from "./JsonText.module.css";

export const JsonText = memo(function JsonText({ text, label }: { text: string; label: string }) {
  return (
    <pre className={styles.json} tabIndex={0} role="group" aria-label={label}>
      <code>
        {jsonTokens(text).map(({ kind, text: piece }, i) =>
          kind === "plain" ? (
            piece
          ) : (
            <span key={i} className={styles[kind]}>
              {piece}
            </span>
          ),
        )}
      </code>
    </pre>
  );
});
