/** A box for SPARQL, and what comes back. */
import { type KeyboardEvent, useId, useState } from "react";
import { Link } from "wouter";
import type { Collection } from "../api/types";
import { documentHref } from "../collections/places";
import { Button } from "../kit/Button";
import { plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { Table } from "../kit/Table";
import { EXAMPLES } from "./examples";
import { entityHref, isShown } from "./places";
import { type Answer, useSparql } from "./queries";
import styles from "./SparqlView.module.css";

const SHOWN = 500;

export function SparqlView({ collection: { name } }: { collection: Collection }) {
  const [query, setQuery] = useState(EXAMPLES[0]?.query ?? "");
  const asked = useSparql(name);
  const hint = useId();
  const ask = () => asked.mutate(query);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      ask();
    }
  };
  return (
    <div className={styles.view}>
      <p className={styles.about}>
        What documents say, as a graph, asked in SPARQL. You get what you may read. Begin with an example:
      </p>
      <ul className={styles.examples} aria-label="Examples">
        {EXAMPLES.map((each) => (
          <li key={each.name}>
            <Button onClick={() => setQuery(each.query)}>{each.name}</Button>
          </li>
        ))}
      </ul>
      <textarea
        aria-label="SPARQL query"
        aria-describedby={hint}
        spellCheck={false}
        rows={9}
        maxLength={65536}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className={styles.run}>
        <Button look="main" disabled={asked.isPending || query.trim() === ""} onClick={ask}>
          Ask
        </Button>
        <p id={hint}>
          Control and Enter asks too. The same is at <code>/api/collections/{name}/sparql</code> for programs.
        </p>
      </div>
      {asked.isPending && <Loading label="Asking" rows={6} />}
      {asked.isError && <Failure error={asked.error} />}
      <p role="status" className="unseen">
        {asked.isSuccess && asked.data.kind === "table" && `${plural(asked.data.rows.length, "row")} found`}
      </p>
      {asked.isSuccess && <Answered collection={name} answer={asked.data} />}
    </div>
  );
}

function Answered({ collection, answer }: { collection: string; answer: Answer }) {
  if (answer.kind === "boolean") return <p className={styles.verdict}>{answer.value ? "Yes" : "No"}</p>;
  if (answer.kind === "triples") return <pre className={styles.triples}>{answer.text}</pre>;
  if (answer.rows.length === 0) return <Empty title="No row">What you may not read is not in your graph.</Empty>;
  return (
    <>
      <Table caption="Answer" columns={answer.columns} look="flowing">
        {answer.rows.slice(0, SHOWN).map((row, i) => (
          <tr key={i}>
            {answer.columns.map((column) => (
              <td key={column} data-label={column}>
                <Cell collection={collection} term={row[column]} />
              </td>
            ))}
          </tr>
        ))}
      </Table>
      {answer.rows.length > SHOWN && (
        <p className={styles.more}>
          The first {SHOWN} of {plural(answer.rows.length, "row")} are shown.
        </p>
      )}
    </>
  );
}

/** IRIs of what the page can show lead there. */
function Cell({ collection, term }: { collection: string; term: { type: string; value: string } | undefined }) {
  if (!term) return <>–</>;
  if (term.type !== "uri") return <>{term.value}</>;
  const document = /^stoa:document\/(.+)$/.exec(term.value)?.[1] ?? /^stoa:passage\/(.+)\.\d+$/.exec(term.value)?.[1];
  if (document) return <Link href={documentHref(collection, decodeURIComponent(document))}>{term.value}</Link>;
  if (isShown(term.value)) return <Link href={entityHref(collection, term.value)}>{term.value}</Link>;
  return <>{term.value}</>;
}
