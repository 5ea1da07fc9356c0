/** What a document's state and rights look like, wherever they are shown. */
import type { Document } from "../api/types";
import styles from "./marks.module.css";

export function StateMark({ state }: { state: Document["state"] }) {
  return (
    <span className={styles.state} data-state={state}>
      {state}
    </span>
  );
}

/** Access tags such as `group:hr`: whoever has one of them may read it. */
export function Rights({ acl }: { acl: string[] }) {
  return (
    <ul className={styles.rights}>
      {acl.map((tag) => (
        <li key={tag}>
          <span>{tag.split(":")[0]}</span> {tag.slice(tag.indexOf(":") + 1)}
        </li>
      ))}
    </ul>
  );
}
