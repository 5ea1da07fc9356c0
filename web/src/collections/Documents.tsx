import { useState } from "react";
import type { Collection, Document } from "../api/types";
import { Button } from "../kit/Button";
import { Confirm } from "../kit/Confirm";
import { Table } from "../kit/Table";
import { Empty, Failure, Loading } from "../kit/states";
import { useDebounced } from "../kit/useDebounced";
import { DocumentRow } from "./DocumentRow";
import { type DocumentState, useDocuments, useRemoveDocument } from "./queries";
import styles from "./Documents.module.css";

const TYPING_MS = 200;
const STATES: [DocumentState | "", string][] = [
  ["", "All states"],
  ["indexed", "Indexed"],
  ["queued", "Queued"],
  ["failed", "Failed"],
];

export function Documents({ collection, onRemoved }: { collection: Collection; onRemoved: () => void }) {
  const [typed, setTyped] = useState("");
  const [state, setState] = useState<DocumentState | "">("");
  const search = useDebounced(typed.trim(), TYPING_MS);
  const documents = useDocuments(collection.name, search, state);
  const [leaving, setLeaving] = useState<Document | null>(null);
  const [gone, setGone] = useState<Document | null>(null);
  const remove = useRemoveDocument();
  const all = documents.data?.pages.flatMap((page) => page.data) ?? [];
  const isFiltered = search !== "" || state !== "";

  const confirmRemove = (id: string) =>
    remove.mutate(id, {
      onSuccess: () => {
        setGone(leaving);
        setLeaving(null);
        onRemoved();
      },
    });

  return (
    <div className={styles.documents}>
      <div className={styles.filters}>
        <input
          type="search"
          aria-label="Search documents"
          placeholder="Search documents"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <select aria-label="State" value={state} onChange={(event) => setState(event.target.value as DocumentState | "")}>
          {STATES.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <p role="status" className={styles.status}>
        {gone && `“${gone.title || gone.path}” is removed. No answer uses it any more.`}
      </p>
      {documents.isPending && <Loading label="Loading documents" rows={8} />}
      {documents.isError && <Failure error={documents.error} onRetry={() => void documents.refetch()} />}
      {documents.isSuccess && all.length === 0 && (
        <Empty title={isFiltered ? "No document fits" : "No documents yet"}>
          {isFiltered
            ? "Change the search or the state."
            : collection.rights.ingest
              ? "Drop the first files above. They can be asked about as soon as they are read."
              : "None is there, or none that you may read."}
        </Empty>
      )}
      {all.length > 0 && (
        <Table
          caption={`Documents of ${collection.name}`}
          columns={["Document", "State", "Who may read", "Pages", "Chunks", "Size", "Changed", { unseen: "Actions" }]}
        >
          {all.map((document) => (
            <DocumentRow
              key={document.id}
              document={document}
              now={documents.dataUpdatedAt}
              mayRemove={collection.rights.ingest}
              onRemove={() => setLeaving(document)}
            />
          ))}
        </Table>
      )}
      {documents.hasNextPage && (
        <Button disabled={documents.isFetchingNextPage} onClick={() => void documents.fetchNextPage()}>
          Show more
        </Button>
      )}
      {leaving && (
        <Confirm
          title="Remove this document?"
          action="Remove"
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => confirmRemove(leaving.id)}
          onClose={() => setLeaving(null)}
        >
          <p>“{leaving.title || leaving.path}” will no longer be found, and no answer will use it.</p>
        </Confirm>
      )}
    </div>
  );
}
