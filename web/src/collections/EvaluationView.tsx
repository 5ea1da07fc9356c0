/** The evaluation sets of a collection: what is in each, and how well the search does by it. */
import { useState } from "react";
import { Link, useSearchParams } from "wouter";
import type { Collection, EvaluationSet } from "../api/types";
import { Confirm } from "../kit/Confirm";
import { Menu, MenuItem, MenuLink } from "../kit/Menu";
import { Table } from "../kit/Table";
import { formatCount, formatDateTime } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { SetDetail } from "./SetDetail";
import { useDeleteSet, useEvaluationSets } from "./evaluating";
import { viewHref } from "./places";
import styles from "./EvaluationView.module.css";

export function EvaluationView({ collection }: { collection: Collection }) {
  const sets = useEvaluationSets(collection.name);
  const [search] = useSearchParams();
  const [leaving, setLeaving] = useState<EvaluationSet | null>(null);
  const remove = useDeleteSet(collection.name);
  const all = sets.data ?? [];
  const open = all.find((set) => set.name === search.get("set"));
  const here = viewHref(collection.name, "evaluation");

  if (sets.isPending) return <Loading label="Loading evaluation sets" />;
  if (!sets.data) return <Failure error={sets.error} onRetry={() => void sets.refetch()} />;
  if (open) return <SetDetail key={open.name} collection={collection.name} set={open} back={here} />;
  if (all.length === 0) {
    return (
      <Empty title="No evaluation sets yet">
        <p>
          Say on <Link href={viewHref(collection.name, "search")}>Search</Link> which passages are good for a question. What is
          said is kept in a set, and the search can be measured by it after every change.
        </p>
      </Empty>
    );
  }
  return (
    <div className={styles.view}>
      <Table
        caption={`Evaluation sets of ${collection.name}`}
        columns={["Set", "Queries", "Judgements", "Made", { unseen: "Actions" }]}
      >
        {all.map((set) => (
          <tr key={set.name}>
            <th scope="row">
              <Link href={`${here}?set=${encodeURIComponent(set.name)}`} className={styles.name}>
                {set.name}
              </Link>
              {set.description && <span className={styles.description}>{set.description}</span>}
            </th>
            <td data-label="Queries">{formatCount(set.queries)}</td>
            <td data-label="Judgements">{formatCount(set.judgements)}</td>
            <td data-label="Made">{formatDateTime(set.created_at)}</td>
            <td className={styles.actions}>
              <Menu label={`Actions for ${set.name}`}>
                <MenuLink icon="download" href={`/api/evaluation-sets/${encodeURIComponent(set.name)}/export`}>
                  Export as JSONL
                </MenuLink>
                {collection.rights.judge && (
                  <MenuItem icon="remove" danger onSelect={() => setLeaving(set)}>
                    Delete
                  </MenuItem>
                )}
              </Menu>
            </td>
          </tr>
        ))}
      </Table>
      {leaving && (
        <Confirm
          title="Delete this evaluation set?"
          action="Delete"
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate(leaving.name, { onSuccess: () => setLeaving(null) })}
          onClose={() => setLeaving(null)}
        >
          <p>All that was said in “{leaving.name}” goes with it. Export it first to keep it.</p>
        </Confirm>
      )}
    </div>
  );
}
