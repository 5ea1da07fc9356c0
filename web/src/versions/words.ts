/** What the page says of versions. */
import type { Difference, ResourceVersion } from "../api/types";
import type { MarkedLine } from "../kit/MarkedLines";
import { formatDateTime } from "../kit/format";
import { diffOf, yamlLines } from "../routes/yaml";

const MOST = 4;
const MASK = "********";

/** Whether it is a form of the resource that can be looked at, tried and restored. */
export const isWhole = ({ change, forgotten }: ResourceVersion): boolean => change !== "deleted" && !forgotten;

/** `Changed: prompt, passages`; of many fields the first few. */
export function whatChanged({ change, fields, restored, forgotten }: ResourceVersion): string {
  const named = fields.slice(0, MOST).map(fieldName).join(", ");
  const more = fields.length > MOST ? ` and ${fields.length - MOST} more` : "";
  const what = { created: "Made", changed: "Changed", restored: `Restored from version ${restored ?? ""}`, deleted: "Removed" };
  return `${what[change]}${named && `: ${named}${more}`}${forgotten ? "; what it said is forgotten" : ""}`;
}

/** `context_tokens` as `context tokens`. */
export const fieldName = (path: string): string => path.replaceAll("_", " ");

export const whoAndWhen = ({ author, by, at }: ResourceVersion): string => `${formatDateTime(at)}, ${author ?? by}`;

/** A field's two values as lines: text by its own, all else as YAML. */
export function linesOf({ field, before, after }: Difference): MarkedLine[] {
  if (before === MASK && after === MASK) return [{ mark: " ", text: "another secret" }];
  return diffOf(written(field, before), written(field, after));
}

function written(field: string, value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value === "string") return value.split("\n");
  const leaf = field.split(".").at(-1) ?? field;
  const lines = yamlLines({ [leaf]: value });
  const [first = ""] = lines;
  return lines.length === 1 ? [first.slice(leaf.length + 2)] : lines.slice(1);
}
