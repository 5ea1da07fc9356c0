/** A guardrail on its way to be saved: the resource as it would be sent, with what has its default left out. */
import type { ResourceFields } from "../api/types";
import { GUARDS } from "./fields";

export type Fields = Record<string, unknown>;

export const newGuardrail = (): ResourceFields => ({
  kind: "Guardrail",
  name: "",
  default: true,
  guards: [newGuard("personal")],
});

export const newGuard = (type: string): Fields => ({ type, ...GUARDS[type]?.begins });

export const guardsOf = (resource: ResourceFields): Fields[] =>
  Array.isArray(resource.guards) ? (resource.guards as Fields[]) : [];

/** With a field set; what is empty is left out, so that the default counts. */
export function withField<T extends Fields>(fields: T, name: string, value: unknown): T {
  const others = Object.entries(fields).filter(([each]) => each !== name);
  return Object.fromEntries(isEmpty(value) ? others : [...others, [name, value]]) as T;
}

const isEmpty = (value: unknown): boolean => value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

/** A number where it is one; else the text, for Stoa to say what is wrong with it. */
export function numberOr(text: string): number | string {
  const trimmed = text.trim();
  return trimmed !== "" && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

export const wordsOf = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);
export const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** A guard of another type keeps what both types know. */
export function withType(guard: Fields, type: string): Fields {
  const spec = GUARDS[type];
  const known = new Set(["on_error", ...(spec?.fields ?? []).map((field) => field.name)]);
  const kept = Object.entries(guard).filter(([name]) => known.has(name));
  const action = guard.action;
  const keeps = typeof action === "string" && spec?.actions.includes(action);
  return { ...newGuard(type), ...Object.fromEntries(kept), ...(keeps ? { action } : {}) };
}

/** The same fields with the same values, in whatever order. */
export const isSame = (some: unknown, others: unknown): boolean => canonical(some) === canonical(others);

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => a.localeCompare(b)))
      : each,
  );
}
