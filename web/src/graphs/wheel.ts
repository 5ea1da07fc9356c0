/** Where the neighbours of an entity stand around it: what is said of it first, then what is named beside it. */
import type { Entity, EntityFact } from "../api/types";

export interface Spoke {
  iri: string;
  label: string;
  /** What leads there; empty for what is only named in the same passages. */
  by: string;
  inverse: boolean;
}

export interface Placed extends Spoke {
  x: number;
  y: number;
  anchor: "start" | "middle" | "end";
}

export const MOST_SPOKES = 14;

/** Each neighbour once, with what is said first of the two. */
export function spokesOf({ iri, facts, near }: Pick<Entity, "iri" | "facts" | "near">): Spoke[] {
  const spokes = new Map<string, Spoke>();
  const add = (spoke: Spoke) => {
    if (spoke.iri !== iri && !spokes.has(spoke.iri) && spokes.size < MOST_SPOKES) spokes.set(spoke.iri, spoke);
  };
  for (const { property, inverse, node } of facts) if (node) add({ ...node, by: property.label, inverse });
  for (const each of near) add({ iri: each.iri, label: each.label, by: "", inverse: false });
  return Array.from(spokes.values());
}

/** On an ellipse around the middle, beginning at the top. Coordinates go from -width / 2 to width / 2. */
export function placed(spokes: Spoke[], width: number, height: number): Placed[] {
  return spokes.map((spoke, i) => {
    const angle = (i / spokes.length) * 2 * Math.PI - Math.PI / 2;
    const [x, y] = [Math.cos(angle) * width * 0.3, Math.sin(angle) * height * 0.4];
    return { ...spoke, x, y, anchor: Math.abs(x) < width * 0.06 ? "middle" : x < 0 ? "end" : "start" };
  });
}

/** No longer than it fits. */
export const shortened = (label: string, most: number): string =>
  label.length > most ? `${label.slice(0, most - 1).trimEnd()}…` : label;

/** Facts of one property stand together, those of which the entity is the subject first. */
export function grouped(facts: EntityFact[]): [string, EntityFact[]][] {
  const groups = new Map<string, EntityFact[]>();
  for (const fact of [...facts].sort((a, b) => Number(a.inverse) - Number(b.inverse))) {
    const name = fact.inverse ? `is ${fact.property.label} of` : fact.property.label;
    groups.set(name, [...(groups.get(name) ?? []), fact]);
  }
  return Array.from(groups.entries());
}
