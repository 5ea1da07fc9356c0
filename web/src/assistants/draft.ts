/** An assistant as the editor holds it: numbers and lists as the text that was typed. */
import type { components } from "../api/schema";
import type { ResourceFields } from "../api/types";
import { words } from "../routes/draft";
import type { Shape } from "../routes/useDraft";

type Whole = components["schemas"]["Resource.Assistant"];

export interface Draft {
  name: string;
  title: string;
  description: string;
  prompt: string;
  route: string;
  collections: string[];
  passages: string;
  context_tokens: string;
  neighbours: string;
  /** One question a line. */
  examples: string;
  teams: string;
  /** Queries of datastores, which are written in files; kept as they are. */
  tools: string[];
}

/** What the API takes for what is left out; see `domain/resources.py`. */
const DEFAULTS: Draft = {
  name: "",
  title: "",
  description: "",
  prompt: "",
  route: "stoa-reader",
  collections: [],
  passages: "8",
  context_tokens: "3000",
  neighbours: "0",
  examples: "",
  teams: "",
  tools: [],
};

/** `team` is the one that a new assistant is for. */
export const newDraft = (team = ""): Draft => ({ ...DEFAULTS, teams: team });

/** From what the API told. */
export function draftOf(assistant: ResourceFields): Draft {
  const given = assistant as unknown as Partial<Whole> & { name: string };
  return {
    name: given.name,
    title: given.title ?? "",
    description: given.description ?? "",
    prompt: given.prompt ?? "",
    route: given.route ?? DEFAULTS.route,
    collections: given.collections ?? [],
    passages: String(given.passages ?? DEFAULTS.passages),
    context_tokens: String(given.context_tokens ?? DEFAULTS.context_tokens),
    neighbours: String(given.neighbours ?? DEFAULTS.neighbours),
    examples: (given.examples ?? []).join("\n"),
    teams: (given.teams ?? []).join(", "),
    tools: given.tools ?? [],
  };
}

/** What is to be applied, without what has its default. A number that is none goes as it is: the API says what is wrong with it. */
export function resourceOf(draft: Draft): ResourceFields {
  const { name, prompt, collections, examples, teams, tools } = draft;
  const texts = { title: draft.title.trim(), description: draft.description.trim(), prompt: prompt.trim() ? prompt : "" };
  const lists = { collections, examples: lines(examples), teams: words(teams), tools };
  const numbers = {
    passages: besides(draft.passages, DEFAULTS.passages),
    context_tokens: besides(draft.context_tokens, DEFAULTS.context_tokens),
    neighbours: besides(draft.neighbours, DEFAULTS.neighbours),
  };
  const route = draft.route.trim() === DEFAULTS.route ? "" : draft.route.trim();
  const given = { ...texts, route, ...lists, ...numbers };
  const told = Object.entries(given).filter(([, value]) => value !== undefined && value !== "" && !isEmpty(value));
  return { kind: "Assistant", name: name.trim(), ...Object.fromEntries(told) };
}

/** A draft without a name can be tried under one. */
export const named = (assistant: ResourceFields): ResourceFields =>
  assistant.name ? assistant : { ...assistant, name: "draft" };

export const shapeFor = (team: string): Shape<Draft> => ({
  kind: "assistant",
  begin: (assistant) => (assistant ? draftOf(assistant) : newDraft(team)),
  resourceOf,
});

const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;
const lines = (text: string) => text.split("\n").flatMap((line) => line.trim() || []);

function besides(text: string, usual: string): number | string | undefined {
  const typed = text.trim();
  if (typed === "" || typed === usual) return undefined;
  const number = Number(typed);
  return Number.isNaN(number) ? typed : number;
}
