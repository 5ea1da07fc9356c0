/** What goes over the wire, as an application sends it. */
import { CopyButton } from "../kit/CopyButton";
import { JsonText } from "./JsonText";
import type { Asked } from "./snippets";
import { elided } from "./text";
import styles from "./Raw.module.css";

export function RawRequest({ asked }: { asked: Asked | null }) {
  if (!asked) return <p className={styles.quiet}>The request appears here once it is whole.</p>;
  const head = [`POST ${asked.path}`, "authorization: Bearer $STOA_KEY", ...linesOf(asked.headers)].join("\n");
  return (
    <div className={styles.raw}>
      <pre className={styles.head} tabIndex={0} role="group" aria-label="Head of the request">
        {head}
      </pre>
      <div className={styles.bar}>
        <span>Body</span>
        <CopyButton label="Copy the body" text={() => asked.body} />
      </div>
      <JsonText text={elided(asked.body)} label="Body of the request" />
    </div>
  );
}

export const linesOf = (headers: Record<string, string>): string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
