/** One dataset: what it holds in which version, who changed it, and lines in and out. */
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { Dataset } from "../api/types";
import { Button } from "../kit/Button";
import { Confirm } from "../kit/Confirm";
import { Menu, MenuLink } from "../kit/Menu";
import { afterwards } from "../kit/afterwards";
import { formatDateTime, plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { useDebounced } from "../kit/useDebounced";
import screen from "../targets/Screen.module.css";
import { Choice } from "../usage/Choice";
import styles from "./Datasets.module.css";
import { ExampleCard } from "./ExampleCard";
import { ImportFile } from "./ImportFile";
import { type Wanted, useDataset, useDelete, useExamples, useVersions } from "./queries";

const EXPECTED: { id: Wanted["expected"]; name: string }[] = [
  { id: "", name: "All" },
  { id: "with", name: "With an expected answer" },
  { id: "without", name: "Without" },
];

export function DatasetDetail({ name }: { name: string }) {
  const dataset = useDataset(name);
  return (
    <>
      <p className={styles.back}>
        <Link href="/datasets">All datasets</Link>
      </p>
      {dataset.isPending && <Loading label="Loading the dataset" rows={6} />}
      {dataset.isError && <Failure error={dataset.error} onRetry={() => void dataset.refetch()} />}
      {dataset.data && <Shown dataset={dataset.data} />}
    </>
  );
}

function Shown({ dataset }: { dataset: Dataset }) {
  const [version, setVersion] = useState<number | null>(null);
  const current = version === null || version === dataset.version;
  return (
    <>
      <Head dataset={dataset} version={version} />
      {dataset.may.includes("add") && <ImportFile name={dataset.name} />}
      <Versions name={dataset.name} shown={version ?? dataset.version} onShow={setVersion} />
      {dataset.may.includes("read") ? (
        <Examples dataset={dataset} version={current ? null : version} />
      ) : (
        <p className={styles.hint}>What is in it is for the developers of the team {dataset.team}, and for auditors.</p>
      )}
    </>
  );
}

function Head({
  dataset: { name, team, description, items, version, may },
  version: shown,
}: {
  dataset: Dataset;
  version: number | null;
}) {
  const [deleting, setDeleting] = useState(false);
  const remove = useDelete(name);
  const [, navigate] = useLocation();
  const lines = (form: string) =>
    `/api/datasets/${encodeURIComponent(name)}/export?form=${form}${shown === null ? "" : `&version=${shown}`}`;
  return (
    <header className={screen.head}>
      <div>
        <h1>{name}</h1>
        <p>
          {plural(items, "example")} in version {version}, of the team {team}
        </p>
        {description && <p>{description}</p>}
      </div>
      <div className={styles.actions}>
        {may.includes("read") && (
          <Menu label="Export" icon="download">
            <MenuLink icon="download" href={lines("chat")}>
              To train on answers
            </MenuLink>
            <MenuLink icon="download" href={lines("preference")}>
              To train on preferences
            </MenuLink>
            <MenuLink icon="download" href={lines("whole")}>
              All that is known
            </MenuLink>
          </Menu>
        )}
        {may.includes("delete") && (
          <Button icon="remove" onClick={() => setDeleting(true)}>
            Delete
          </Button>
        )}
      </div>
      {deleting && (
        <Confirm
          title={`Delete ${name}?`}
          action="Delete"
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => afterwards(remove.mutateAsync(), () => navigate("/datasets"))}
          onClose={() => setDeleting(false)}
        >
          All of its examples go, in every version.
        </Confirm>
      )}
    </header>
  );
}

const CHANGES = { added: "added", imported: "imported", changed: "changed", removed: "removed" };

function Versions({ name, shown, onShow }: { name: string; shown: number; onShow: (version: number) => void }) {
  const versions = useVersions(name);
  if (!versions.data?.data.length) return null;
  return (
    <details className={styles.versions}>
      <summary>Versions</summary>
      <ul aria-label="Versions">
        {versions.data.data.map((each) => (
          <li key={each.version} aria-current={each.version === shown || undefined}>
            <button type="button" aria-pressed={each.version === shown} onClick={() => onShow(each.version)}>
              {each.version}
            </button>
            <span>
              {each.changed} {CHANGES[each.change]}, {plural(each.items, "example")} then
            </span>
            <span className={styles.hint}>
              {formatDateTime(each.at)} by {each.by}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Examples({ dataset, version }: { dataset: Dataset; version: number | null }) {
  const [typed, setTyped] = useState("");
  const [expected, setExpected] = useState<Wanted["expected"]>("");
  const text = useDebounced(typed.trim(), 300);
  const found = useExamples(dataset.name, { version, text, expected }, true);
  const examples = found.data?.pages.flatMap((page) => page.data) ?? [];
  const editable = version === null && dataset.may.includes("update");
  return (
    <>
      <div className={styles.filters} role="search" aria-label="Examples">
        <Choice label="Expected answer" choices={EXPECTED} chosen={expected} onChoose={setExpected} />
        <input
          type="search"
          aria-label="Find words in examples"
          placeholder="Words in them"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      {version !== null && <p className={styles.earlier}>Version {version}, as it was: nothing in it can be changed.</p>}
      {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading label="Loading examples" rows={5} />}
      {found.isSuccess && examples.length === 0 && (
        <Empty title={text || expected ? "No example fits" : "Nothing is in it"}>
          {!text && !expected && <p>Open a request and choose Add to dataset, or put a file of lines in.</p>}
        </Empty>
      )}
      <ul className={styles.examples} aria-label="Examples">
        {examples.map((each) => (
          <ExampleCard key={each.id} dataset={dataset.name} example={each} editable={editable} />
        ))}
      </ul>
      {found.hasNextPage && (
        <Button className={styles.more} disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          More examples
        </Button>
      )}
    </>
  );
}
