/** One collection: its documents, a bench for its search, what that is measured by, how much it is asked, and ways to it. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Collection } from "../api/types";
import { GraphView } from "../graphs/GraphView";
import { SparqlView } from "../graphs/SparqlView";
import { IndexesView } from "../indexes/IndexesView";
import { NavTabs } from "../kit/NavTabs";
import { formatCount } from "../kit/format";
import { Empty } from "../kit/states";
import { SourcesView } from "../sources/SourcesView";
import { ConnectView } from "./ConnectView";
import { DocumentsView } from "./DocumentsView";
import { EvaluationView } from "./EvaluationView";
import { SearchBench } from "./SearchBench";
import { UsageView } from "./UsageView";
import { VersionsView } from "./VersionsView";
import { type View, viewHref } from "./places";
import styles from "./CollectionPane.module.css";

export function CollectionPane({ collection, view }: { collection: Collection; view: string }) {
  const { name, team, description, documents, chunks, failed, rights } = collection;
  const views: [View, string, boolean][] = [
    ["documents", "Documents", rights.read],
    ["sources", "Sources", rights.see_sources],
    ["indexes", "Index", rights.see_indexes],
    ["search", "Search", rights.read],
    ["graph", "Graph", rights.read],
    ["sparql", "Query", rights.read],
    ["evaluation", "Evaluation", rights.read],
    ["usage", "Usage", rights.see_usage],
    ["versions", "Versions", rights.see_versions],
    ["connect", "Connect", rights.read],
  ];
  const allowed = views.filter(([, , isAllowed]) => isAllowed);
  const open = (allowed.find(([id]) => id === view) ?? (view === "documents" ? allowed[0] : undefined))?.[0];
  return (
    <section className={styles.pane} aria-label={name}>
      <Link href="/collections" className={styles.back}>
        All collections
      </Link>
      <header className={styles.head}>
        <div>
          <h1>{name}</h1>
          {description && <p>{description}</p>}
        </div>
        <dl className={styles.facts}>
          <Fact name="Team" value={team} />
          <Fact name="Documents" value={formatCount(documents)} />
          <Fact name="Chunks" value={formatCount(chunks)} />
          {failed > 0 && <Fact name="Failed" value={formatCount(failed)} />}
        </dl>
      </header>
      <NavTabs
        label={`Views of ${name}`}
        tabs={allowed.map(([id, title]) => ({ href: viewHref(name, id), name: title }))}
        open={open ? viewHref(name, open) : ""}
      />
      {open ? (
        <Opened view={open} collection={collection} />
      ) : (
        <Empty title="There is nothing here for you">Choose another view.</Empty>
      )}
    </section>
  );
}

function Opened({ view, collection }: { view: View; collection: Collection }): ReactNode {
  switch (view) {
    case "documents":
      return <DocumentsView collection={collection} />;
    case "sources":
      return <SourcesView collection={collection} />;
    case "indexes":
      return <IndexesView collection={collection} />;
    case "search":
      return <SearchBench collection={collection} />;
    case "graph":
      return <GraphView collection={collection} />;
    case "sparql":
      return <SparqlView collection={collection} />;
    case "evaluation":
      return <EvaluationView collection={collection} />;
    case "usage":
      return <UsageView collection={collection} />;
    case "versions":
      return <VersionsView collection={collection} />;
    case "connect":
      return <ConnectView collection={collection} />;
  }
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
