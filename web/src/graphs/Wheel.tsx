/** An entity in the middle of those it has to do with. Each is a link; the list below says the same in words. */
import { Link } from "wouter";
import type { Entity } from "../api/types";
import { entityHref, isShown } from "./places";
import { type Placed, placed, shortened, spokesOf } from "./wheel";
import styles from "./Wheel.module.css";

const WIDTH = 860;
const HEIGHT = 420;

export function Wheel({ collection, entity }: { collection: string; entity: Entity }) {
  const spokes = placed(spokesOf(entity), WIDTH, HEIGHT);
  if (spokes.length === 0) return null;
  const label = entity.labels[0] ?? entity.iri;
  return (
    <svg
      className={styles.wheel}
      viewBox={`${-WIDTH / 2} ${-HEIGHT / 2} ${WIDTH} ${HEIGHT}`}
      role="group"
      aria-label={`${label} and what it has to do with`}
    >
      {spokes.map(({ iri, x, y, by }) => (
        <line key={iri} x1={0} y1={0} x2={x} y2={y} data-said={by !== ""} />
      ))}
      {spokes.map((spoke) => (
        <Neighbour key={spoke.iri} collection={collection} spoke={spoke} />
      ))}
      <g className={styles.middle}>
        <ellipse rx={Math.max(46, Math.min(label.length, 26) * 4.6 + 16)} ry={26} />
        <text textAnchor="middle" y={5}>
          {shortened(label, 26)}
        </text>
      </g>
    </svg>
  );
}

function Neighbour({ collection, spoke }: { collection: string; spoke: Placed }) {
  const { iri, label, by, inverse, x, y, anchor } = spoke;
  const dx = anchor === "middle" ? 0 : anchor === "start" ? 12 : -12;
  const dy = anchor === "middle" ? (y < 0 ? -14 : 24) : 5;
  const drawn = (
    <>
      <circle cx={x} cy={y} r={6} />
      <text x={x + dx} y={y + dy} textAnchor={anchor}>
        {shortened(label, 26)}{" "}
        {by !== "" && (
          <tspan className={styles.by} x={x + dx} dy={anchor === "middle" && y < 0 ? -15 : 15}>
            {shortened(inverse ? `← ${by}` : by, 28)}
          </tspan>
        )}
      </text>
    </>
  );
  if (!isShown(iri)) return <g data-said={by !== ""}>{drawn}</g>;
  return (
    <Link href={entityHref(collection, iri)} data-said={by !== ""}>
      {drawn}
    </Link>
  );
}
