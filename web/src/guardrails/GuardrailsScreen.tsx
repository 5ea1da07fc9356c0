/** What is judged on its way to models and back: which guardrails there are, what each holds for, and a text to try one with. */
import { Link, useSearch } from "wouter";
import type { ResourceFields } from "../api/types";
import { NewLink } from "../kit/MasterDetail";
import { Table } from "../kit/Table";
import { Empty, Failure, Loading } from "../kit/states";
import screen from "../targets/Screen.module.css";
import { useResources } from "../targets/queries";
import { useRights } from "../session/queries";
import { GuardrailEditor } from "./GuardrailEditor";
import { TryIt } from "./TryIt";
import { type Guard, type Guardrail, guardrailOf } from "./guardrails";
import { useTrial } from "./queries";
import styles from "./Guardrails.module.css";

export default function GuardrailsScreen({ name }: { name: string | null }) {
  const resources = useResources("Guardrail");
  const mayChange = useRights().change_guardrails;
  const isNew = new URLSearchParams(useSearch()).has("new") && name === null && mayChange;
  const current = resources.data?.find((each) => each.name === name);
  if (isNew || current) return <GuardrailEditor key={current?.name ?? ""} guardrail={current ?? null} />;
  return (
    <div className={screen.screen}>
      <div className={screen.page}>
        <header className={screen.head}>
          <h1>Guardrails</h1>
          {mayChange && <NewLink href="/guardrails?new">New guardrail</NewLink>}
        </header>
        {name !== null && resources.isSuccess && (
          <Empty title={`There is no guardrail “${name}”`}>It was removed, or you have no right to see it.</Empty>
        )}
        {resources.isError && !resources.data && <Failure error={resources.error} onRetry={() => void resources.refetch()} />}
        {resources.isPending && <Loading label="Loading guardrails" rows={6} />}
        {resources.data && <Guardrails resources={resources.data} />}
      </div>
    </div>
  );
}

function Guardrails({ resources }: { resources: ResourceFields[] }) {
  if (resources.length === 0) {
    return (
      <Empty title="Nothing is judged yet">
        <p>A guardrail refuses, masks or records what it finds in what goes to models and in what comes back.</p>
        <code>stoa apply -f examples/guardrails/watch.yaml</code>
      </Empty>
    );
  }
  return <Listed resources={resources} />;
}

function Listed({ resources }: { resources: ResourceFields[] }) {
  const all = resources.map(guardrailOf);
  const trial = useTrial();
  return (
    <div className={styles.columns}>
      <ul className={styles.list} aria-label="Guardrails">
        {all.map((guardrail) => (
          <li key={guardrail.name}>
            <Card guardrail={guardrail} />
          </li>
        ))}
      </ul>
      <TryIt guardrails={all.map((each) => each.name)} trial={trial} />
    </div>
  );
}

function Card({ guardrail: { name, description, holdsFor, guards } }: { guardrail: Guardrail }) {
  return (
    <article className={styles.card} aria-label={name}>
      <header className={styles.head}>
        <h2>
          <Link href={`/guardrails/${encodeURIComponent(name)}`}>{name}</Link>
        </h2>
        <span className={styles.holds}>for {holdsFor}</span>
      </header>
      {description && <p className={styles.note}>{description}</p>}
      <Table caption={`Guards of ${name}`} columns={["Guard", "Looks for", "Does", "Judges", "On streams"]} look="compact">
        {guards.map((guard, i) => (
          <Row key={i} guard={guard} />
        ))}
      </Table>
    </article>
  );
}

function Row({ guard: { type, looksFor, action, judges, onStreams } }: { guard: Guard }) {
  return (
    <tr>
      <th scope="row">{type}</th>
      <td data-label="Looks for">{looksFor}</td>
      <td data-label="Does">{action}</td>
      <td data-label="Judges">{judges}</td>
      <td data-label="On streams">{onStreams}</td>
    </tr>
  );
}
