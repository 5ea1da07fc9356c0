/** What came over the wire, byte by byte, while it comes. */
import { CopyButton } from "../kit/CopyButton";
import { JsonText } from "./JsonText";
import { linesOf } from "./RawRequest";
import type { Run } from "./run";
import { elided, isJson } from "./text";
import styles from "./Raw.module.css";

export function RawResponse({ run }: { run: Run | undefined }) {
  if (!run || run.status === null) return <p className={styles.quiet}>{run?.error ?? "The response appears here."}</p>;
  const text = elided(run.raw);
  return (
    <div className={styles.raw}>
      <pre className={styles.head} tabIndex={0} role="group" aria-label="Head of the response">
        {[`HTTP ${run.status}`, ...linesOf(run.headers)].join("\n")}
      </pre>
      <div className={styles.bar}>
        <span>Body</span>
        <CopyButton label="Copy the body" text={() => run.raw} />
      </div>
      {isJson(run.raw) ? (
        <JsonText text={text} label="Body of the response" />
      ) : (
        <pre className={styles.body} tabIndex={0} role="group" aria-label="Body of the response">
          {text}
        </pre>
      )}
    </div>
  );
}
