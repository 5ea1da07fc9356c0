/** What the collection itself was; its documents and its index have versions of their own. */
import type { Collection } from "../api/types";
import { Versions } from "../versions/Versions";
import styles from "./marks.module.css";

export function VersionsView({ collection: { name, rights } }: { collection: Collection }) {
  return (
    <Versions of={{ kind: "Collection", name }} mayRestore={rights.change} restoring={RESTORING}>
      <p className={styles.note}>
        What was said of the collection: its team, which model embeds it, how documents are cut. Each document has versions of its
        own, and so has the index.
      </p>
    </Versions>
  );
}

const RESTORING =
  "Restoring makes a new version like this one. Documents stay. If it names another model or other chunks, build the index anew.";
