import { expect, test } from "vitest";
import { MOST_SPOKES, grouped, placed, shortened, spokesOf } from "./wheel";

const node = (name: string) => ({ iri: `stoa:entity/${name}`, label: name });
const fact = (property: string, to: string | null, inverse = false) => ({
  property: node(property),
  inverse,
  node: to === null ? null : node(to),
  value: to === null ? "9" : null,
  said: [],
});

test("neighbours come once, those of which something is said first, and never the entity itself", () => {
  const near = [node("acme"), node("troy"), node("ada")].map((each) => ({ ...each, passages: 2 }));
  const spokes = spokesOf({ iri: "stoa:entity/ada", facts: [fact("head", "acme", true), fact("grade", null)], near });
  expect(spokes.map(({ label, by }) => [label, by])).toEqual([
    ["acme", "head"],
    ["troy", ""],
  ]);
  const many = Array.from({ length: 40 }, (_, i) => ({ ...node(`e${i}`), passages: 1 }));
  expect(spokesOf({ iri: "", facts: [], near: many })).toHaveLength(MOST_SPOKES);
});

test("they stand apart from each other, and inside the drawing", () => {
  const spokes = Array.from({ length: MOST_SPOKES }, (_, i) => ({ ...node(`e${i}`), by: "", inverse: false }));
  const all = placed(spokes, 800, 420);
  for (const [i, a] of all.entries()) {
    expect(Math.abs(a.x)).toBeLessThan(400);
    expect(Math.abs(a.y)).toBeLessThan(210);
    for (const b of all.slice(i + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(20);
  }
  expect(placed([], 800, 420)).toEqual([]);
});

test("facts are grouped by property, and long names are cut", () => {
  const groups = grouped([fact("head", "acme", true), fact("grade", null), fact("grade", "x")]);
  expect(groups.map(([name, facts]) => [name, facts.length])).toEqual([
    ["grade", 2],
    ["is head of", 1],
  ]);
  expect(shortened("a long name", 7)).toBe("a long…");
  expect(shortened("short", 7)).toBe("short");
});
