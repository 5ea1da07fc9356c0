/** A resource as the YAML that `stoa apply` takes, and what changed between two of them line by line. */
import type { MarkedLine } from "../kit/MarkedLines";

type Value = unknown;

const PLAIN = /^[A-Za-z_][\w .:/@-]*$/;
const TAKEN = /^(true|false|null|yes|no|on|off)$/i;

function scalar(value: Value): string {
  if (typeof value !== "string") return JSON.stringify(value);
  const isPlain = PLAIN.test(value) && !TAKEN.test(value) && !/: |:$| $/.test(value);
  return isPlain ? value : JSON.stringify(value);
}

const isObject = (value: Value): value is Record<string, Value> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isScalar = (value: Value): boolean => typeof value !== "object" || value === null;

export function yamlLines(resource: Record<string, Value>, indent = ""): string[] {
  return Object.entries(resource).flatMap(([name, value]) => {
    const at = `${indent}${name}:`;
    if (isScalar(value)) return [`${at} ${scalar(value)}`];
    if (Array.isArray(value)) {
      if (value.every(isScalar)) return [`${at} [${value.map(scalar).join(", ")}]`];
      return [at, ...value.map((each: Value) => `${indent}  - ${flow(each)}`)];
    }
    if (!isObject(value) || Object.keys(value).length === 0) return [`${at} {}`];
    return [at, ...yamlLines(value, `${indent}  `)];
  });
}

/** One line for an entry of a list: `{model: gpt, weight: 3}`. */
function flow(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (!isObject(value)) return scalar(value);
  return `{${Object.entries(value)
    .map(([name, each]) => `${name}: ${flow(each)}`)
    .join(", ")}}`;
}

/** The shortest way from one text to the other: what stays, what goes, what comes. */
export function diffOf(before: string[], after: string[]): MarkedLine[] {
  const common = lengths(before, after);
  const lines: MarkedLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      lines.push({ mark: " ", text: old });
      i += 1;
      j += 1;
    } else if (old !== undefined && (fresh === undefined || at(common, i + 1, j) >= at(common, i, j + 1))) {
      lines.push({ mark: "-", text: old });
      i += 1;
    } else if (fresh !== undefined) {
      lines.push({ mark: "+", text: fresh });
      j += 1;
    }
  }
  return lines;
}

const at = (table: number[][], i: number, j: number): number => table[i]?.[j] ?? 0;

/** Of the longest common subsequence of what begins at each pair of lines. */
function lengths(before: string[], after: string[]): number[][] {
  const table = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i--) {
    const row = table[i];
    for (let j = after.length - 1; row && j >= 0; j--) {
      row[j] = before[i] === after[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  }
  return table;
}
