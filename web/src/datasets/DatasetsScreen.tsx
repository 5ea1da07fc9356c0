/** Datasets: all that one may see, and one of them opened. */
import { type SubmitEvent, useId, useState } from "react";
import { Link, useLocation } from "wouter";
import { messageOf } from "../api/errors";
import type { Dataset } from "../api/types";
import { Button } from "../kit/Button";
import { Table } from "../kit/Table";
import { formatAgo, formatCount, formatDateTime } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { useRights } from "../session/queries";
import screen from "../targets/Screen.module.css";
import { DatasetDetail } from "./DatasetDetail";
import styles from "./Datasets.module.css";
import { useCreate, useDatasets } from "./queries";
import { Tabs } from "./Tabs";
import { textIn } from "./words";

export default function DatasetsScreen({ name }: { name: string | null }) {
  return (
    <div className={screen.screen}>
      <div className={screen.page}>{name === null ? <Datasets /> : <DatasetDetail name={name} />}</div>
    </div>
  );
}

function Datasets() {
  const datasets = useDatasets();
  const { fill_datasets: mayMake } = useRights();
  const [making, setMaking] = useState(false);
  return (
    <>
      <header className={screen.head}>
        <h1>Datasets</h1>
        {mayMake && !making && (
          <Button icon="add" onClick={() => setMaking(true)}>
            New dataset
          </Button>
        )}
      </header>
      <Tabs />
      {making && <NewDataset onClose={() => setMaking(false)} />}
      {datasets.isError && <Failure error={datasets.error} onRetry={() => void datasets.refetch()} />}
      {datasets.isPending && <Loading label="Loading datasets" rows={5} />}
      {datasets.data?.data.length === 0 && (
        <Empty title="There is no dataset">
          <p>Examples of conversations, in versions, to evaluate and train with: made of requests, or of a file of lines.</p>
        </Empty>
      )}
      {datasets.data && datasets.data.data.length > 0 && <All datasets={datasets.data.data} now={datasets.dataUpdatedAt} />}
    </>
  );
}

function All({ datasets, now }: { datasets: Dataset[]; now: number }) {
  return (
    <Table caption="Datasets" columns={["Name", "Examples", "Version", "Changed", "Team"]}>
      {datasets.map((each) => (
        <tr key={each.name}>
          <th scope="row">
            <Link href={`/datasets/${encodeURIComponent(each.name)}`} className={styles.name}>
              {each.name}
            </Link>
            {each.description && <span className={styles.described}>{each.description}</span>}
          </th>
          <td data-label="Examples">{formatCount(each.items)}</td>
          <td data-label="Version">{each.version}</td>
          <td data-label="Changed" title={formatDateTime(each.changed_at)}>
            {formatAgo(each.changed_at, now)}
          </td>
          <td data-label="Team">{each.team}</td>
        </tr>
      ))}
    </Table>
  );
}

function NewDataset({ onClose }: { onClose: () => void }) {
  const id = useId();
  const create = useCreate();
  const [, navigate] = useLocation();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const said = new FormData(event.currentTarget);
    create.mutate(
      { name: textIn(said, "name"), description: textIn(said, "description") },
      { onSuccess: (made) => navigate(`/datasets/${encodeURIComponent(made.name)}`) },
    );
  };
  return (
    <form className={styles.make} aria-label="New dataset" onSubmit={submit}>
      <div>
        <label htmlFor={`${id}-name`}>Name</label>
        <input id={`${id}-name`} name="name" required pattern="[a-z0-9][a-z0-9._\-]{0,62}" autoComplete="off" autoFocus />
      </div>
      <div>
        <label htmlFor={`${id}-description`}>What it is for</label>
        <input id={`${id}-description`} name="description" maxLength={500} autoComplete="off" />
      </div>
      <Button look="main" type="submit" disabled={create.isPending}>
        Make it
      </Button>
      <Button onClick={onClose}>Cancel</Button>
      {create.isError && (
        <p role="alert" className={styles.error}>
          {messageOf(create.error)}
        </p>
      )}
    </form>
  );
}
