import { describe, expect, it } from "vitest";
import { diffOf, yamlLines } from "./yaml";

it("a resource is written as YAML that stoa apply takes", () => {
  const route = {
    kind: "Route",
    name: "best",
    description: "yes",
    targets: [
      { model: "gpt-4.1", weight: 3 },
      { model: "b", tags: ["eu"] },
    ],
    fallback: ["c"],
    retries: { attempts: 2 },
    hedge: {},
    cache: false,
  };
  expect(yamlLines(route)).toEqual([
    "kind: Route",
    "name: best",
    'description: "yes"',
    "targets:",
    "  - {model: gpt-4.1, weight: 3}",
    "  - {model: b, tags: [eu]}",
    "fallback: [c]",
    "retries:",
    "  attempts: 2",
    "hedge: {}",
    "cache: false",
  ]);
});

it.each([
  ["3.5", '"3.5"'],
  ["a: b", '"a: b"'],
  ["# no", '"# no"'],
  ["line\nbreak", '"line\\nbreak"'],
  ["plain text", "plain text"],
  ["", '""'],
])("the text %j is written as %s", (text, written) => expect(yamlLines({ x: text })).toEqual([`x: ${written}`]));

describe("diffOf", () => {
  const shown = (before: string[], after: string[]) => diffOf(before, after).map(({ mark, text }) => mark + text);

  it("keeps what stays in its place", () => {
    expect(shown(["a", "b", "c"], ["a", "x", "c", "d"])).toEqual([" a", "-b", "+x", " c", "+d"]);
  });

  it("is all new, all gone or nothing at the ends", () => {
    expect(shown([], ["a"])).toEqual(["+a"]);
    expect(shown(["a"], [])).toEqual(["-a"]);
    expect(shown(["a"], ["a"])).toEqual([" a"]);
  });
});
