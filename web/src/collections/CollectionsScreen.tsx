/** The collections at the left, the documents of one of them beside. */
import type { Collection } from "../api/types";
import { MasterDetail, MasterLink } from "../kit/MasterDetail";
import { plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { CollectionPane } from "./CollectionPane";
import { Reader } from "./Reader";
import { useCollections } from "./queries";
import styles from "./marks.module.css";

interface CollectionsScreenProps {
  name: string | null;
  view: string;
  document: string | null;
}

export default function CollectionsScreen({ name, view, document }: CollectionsScreenProps) {
  const collections = useCollections();
  const all = collections.data?.data ?? [];
  const current = all.find((collection) => collection.name === name);

  return (
    <MasterDetail
      title="Collections"
      isOpen={current !== undefined}
      list={
        <>
          {collections.isPending && <Loading label="Loading collections" />}
          {collections.isError && <Failure error={collections.error} onRetry={() => void collections.refetch()} />}
          {collections.isSuccess && all.length === 0 && (
            <Empty title="No collections yet">
              <p>
                A collection is a body of documents. An administrator adds one with <code>stoa apply</code>, and{" "}
                <code>stoa ingest</code> fills it.
              </p>
            </Empty>
          )}
          <ul>
            {all.map((collection) => (
              <li key={collection.name}>
                <CollectionLink collection={collection} isCurrent={collection === current} />
              </li>
            ))}
          </ul>
        </>
      }
    >
      {current && document !== null && <Reader key={document} collection={current} id={document} />}
      {current && document === null && <CollectionPane key={current.name} collection={current} view={view} />}
      {!current && collections.isSuccess && all.length > 0 && <Unchosen name={name} />}
    </MasterDetail>
  );
}

function Unchosen({ name }: { name: string | null }) {
  if (name) return <Empty title={`There is no collection “${name}”`}>It was removed, or you have no right to see it.</Empty>;
  return <Empty title="Choose a collection">Its documents, their state and their rights are shown here.</Empty>;
}

function CollectionLink({ collection, isCurrent }: { collection: Collection; isCurrent: boolean }) {
  const { name, description, documents, failed } = collection;
  return (
    <MasterLink href={`/collections/${encodeURIComponent(name)}`} isCurrent={isCurrent} name={name} description={description}>
      {plural(documents, "document")}
      {failed > 0 && <span className={styles.failed}>, {failed} failed</span>}
    </MasterLink>
  );
}
