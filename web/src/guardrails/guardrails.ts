/** What the screen shows of a guardrail, from its resource, where fields that have their default are left out. */
import type { ResourceFields, TriedGuardrail } from "../api/types";

export interface Guard {
  type: string;
  /** In a few words. */
  looksFor: string;
  action: string;
  judges: string;
  onStreams: string;
}

export interface Guardrail {
  name: string;
  description: string;
  holdsFor: string;
  guards: Guard[];
}

const LOOKS_FOR: Record<string, string> = {
  personal: "personal data",
  secrets: "keys, tokens, passwords",
  injection: "prompt injection",
  words: "words and phrases",
  topics: "what is spoken about",
  size: "how large a request is",
  shape: "characters that nobody sees",
  schema: "answers of another form",
  http: "what a service of your own finds",
};
const MASKS = new Set(["personal", "secrets"]);
const INPUT_ONLY = new Set(["injection", "topics", "size", "shape"]);
const WHOLE = new Set(["topics", "schema", "http"]);
const STREAMS: Record<string, string> = {
  window: "held back as far as needed",
  whole: "held until it is whole",
  refuse: "no streams",
};

export function guardrailOf(resource: ResourceFields): Guardrail {
  const guards = Array.isArray(resource.guards) ? (resource.guards as Record<string, unknown>[]) : [];
  return {
    name: resource.name,
    description: text(resource.description),
    holdsFor: holdsFor(resource),
    guards: guards.map(guardOf),
  };
}

function holdsFor(resource: ResourceFields): string {
  if (resource.default === true) return "everything";
  const named = (field: string, words: string) => {
    const names = list(resource[field]);
    return names.length > 0 ? [`${words} ${names.join(", ")}`] : [];
  };
  return [...named("routes", "routes"), ...named("assistants", "assistants"), ...named("teams", "teams")].join("; ");
}

function guardOf(guard: Record<string, unknown>): Guard {
  const type = text(guard.type);
  const on = list(guard.on);
  const stages = on.length > 0 ? on : type === "schema" ? ["output"] : INPUT_ONLY.has(type) ? ["input"] : ["input", "output"];
  const stream = text(guard.stream) || (WHOLE.has(type) ? "whole" : "window");
  return {
    type: type === "http" ? text(guard.name) || type : type,
    looksFor: detail(type, guard) || (LOOKS_FOR[type] ?? type),
    action: type === "http" ? "as it replies" : text(guard.action) || (MASKS.has(type) ? "mask" : "refuse"),
    judges: stages.join(" and "),
    onStreams: stages.includes("output") ? (STREAMS[stream] ?? stream) : "judged before",
  };
}

const counted = (count: number, noun: string, more = "") => `${count} ${noun}${count === 1 ? "" : "s"}${more}`;

/** What a guard says of itself more exactly than its type does. */
function detail(type: string, guard: Record<string, unknown>): string {
  switch (type) {
    case "personal":
    case "secrets":
      return list(guard.kinds).join(", ");
    case "words":
      return [
        list(guard.languages).length > 0 && `toxic words (${list(guard.languages).join(", ")})`,
        list(guard.deny).length > 0 && counted(list(guard.deny).length, "word", " of your own"),
        list(guard.patterns).length > 0 && counted(list(guard.patterns).length, "pattern"),
      ]
        .filter(Boolean)
        .join(", ");
    case "size":
      return ["characters", "tokens", "messages"]
        .filter((limit) => typeof guard[limit] === "number")
        .map((limit) => `over ${(guard[limit] as number).toLocaleString("en")} ${limit}`)
        .join(", ");
    case "http":
      return text(guard.url);
    default:
      return "";
  }
}

export interface Stretch {
  text: string;
  /** What was found there; null for what lies between. */
  kind: string | null;
}

/** A text cut where findings begin and end. Offsets are in characters as Python counts them: code points. */
export function stretches(sent: string, findings: TriedGuardrail["findings"]): Stretch[] {
  const points = Array.from(sent);
  const found: Stretch[] = [];
  let at = 0;
  for (const { start, end, kind } of [...findings].sort((a, b) => a.start - b.start)) {
    if (end <= at || end === start) continue;
    const from = Math.max(at, start);
    if (from > at) found.push({ text: points.slice(at, from).join(""), kind: null });
    found.push({ text: points.slice(from, end).join(""), kind });
    at = end;
  }
  if (at < points.length) found.push({ text: points.slice(at).join(""), kind: null });
  return found;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
