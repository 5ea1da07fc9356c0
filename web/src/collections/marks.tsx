/** What a document's state and rights look like, wherever they are shown. */
import type { Document } from "../api/types";
import { rightsOf } from "./rights";
import styles from "./marks.module.css";

export function StateMark({ state }: { state: Document["state"] }) {
  return (
    <span className={styles.state} data-state={state}>
      {state}
    </span>
  );
}

/** Whoever has one of the first tags may read it, unless they have one of those that shut out. */
export function Rights({ acl, deny }: Pick<Document, "acl" | "deny">) {
  return (
    <ul className={styles.rights}>
      {rightsOf({ acl, deny }).map(({ tag, kind, name, shutsOut }) => (
        <li key={tag} data-shuts-out={shutsOut}>
          {kind && <span>{kind}</span>} {name}
        </li>
      ))}
    </ul>
  );
}
