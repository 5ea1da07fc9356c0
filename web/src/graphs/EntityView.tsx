/** One entity: a drawing of its surroundings, what is said of it, and where. */
import { Link } from "wouter";
import type { Entity, EntityFact, Said } from "../api/types";
import { byDocument, documentHref } from "../collections/places";
import { Failure, Loading } from "../kit/states";
import { Wheel } from "./Wheel";
import { entityHref, isShown } from "./places";
import { useEntity } from "./queries";
import { grouped } from "./wheel";
import styles from "./GraphView.module.css";

export function EntityView({ collection, iri }: { collection: string; iri: string }) {
  const entity = useEntity(collection, iri);
  if (entity.isPending) return <Loading label="Loading the entity" rows={9} />;
  if (entity.isError) return <Failure error={entity.error} onRetry={() => void entity.refetch()} />;
  return <Shown collection={collection} entity={entity.data} />;
}

function Shown({ collection, entity }: { collection: string; entity: Entity }) {
  const [label, ...others] = entity.labels;
  return (
    <article className={styles.entity} aria-label={label}>
      <header>
        <h2>{label}</h2>
        {others.length > 0 && <p className={styles.faint}>also {others.join(", ")}</p>}
      </header>
      <Wheel collection={collection} entity={entity} />
      <section aria-label="What is said of it">
        <h3>What is said of it</h3>
        {entity.facts.length === 0 ? (
          <p className={styles.faint}>Documents name it, and say nothing of it in a form that is read as a fact.</p>
        ) : (
          <dl className={styles.facts}>
            {grouped(entity.facts).map(([name, facts]) => (
              <div key={name}>
                <dt>{name}</dt>
                {facts.map((fact) => (
                  <dd key={`${fact.node?.iri ?? ""} ${fact.value ?? ""}`}>
                    <Fact collection={collection} fact={fact} />
                  </dd>
                ))}
              </div>
            ))}
          </dl>
        )}
      </section>
      <section aria-label="Where it is named">
        <h3>Where it is named</h3>
        <ul className={styles.places}>
          {byDocument(entity.passages).map(([first, ...others]) => (
            <li key={first.document_id}>
              <Place collection={collection} said={first} />
              {others.map((each, i) => (
                <Link
                  key={each.passage_id}
                  className={styles.again}
                  href={documentHref(collection, each.document_id, each.start ?? undefined)}
                  aria-label={`${i + 2}: ${each.title}`}
                >
                  {i + 2}
                </Link>
              ))}
            </li>
          ))}
        </ul>
        {entity.more && <p className={styles.faint}>There is more than is shown here; a query finds all of it.</p>}
      </section>
    </article>
  );
}

function Fact({ collection, fact: { node, value, said } }: { collection: string; fact: EntityFact }) {
  return (
    <>
      {node && isShown(node.iri) ? <Link href={entityHref(collection, node.iri)}>{node.label}</Link> : (node?.label ?? value)}
      <span className={styles.said}>
        {said.slice(0, 3).map((each) => (
          <Place key={`${each.document_id} ${each.start ?? ""}`} collection={collection} said={each} />
        ))}
        {said.length > 3 && <span>and {said.length - 3} more</span>}
      </span>
    </>
  );
}

function Place({ collection, said: { document_id, title, start } }: { collection: string; said: Said }) {
  return (
    <Link href={documentHref(collection, document_id, start ?? undefined)} className={styles.place}>
      {title}
    </Link>
  );
}
