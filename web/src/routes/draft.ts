/** A route as the editor holds it: every field there is, numbers as the text that was typed. */
import type { ResourceFields } from "../api/types";
import type { components } from "../api/schema";

type Schemas = components["schemas"];
type Whole = Schemas["Resource.Route"];
export type Strategy = Whole["strategy"];
export type ErrorClass = Schemas["Resource.Fallback"]["on"][number];

/** As it is applied: what has its default is left out. */
export type RouteResource = ResourceFields & { targets: Partial<Schemas["Resource.Target"]>[] };

export interface DraftTarget {
  /** For React alone: rows move. */
  key: number;
  model: string;
  weight: string;
  arm: string;
  tags: string;
}

export interface DraftFallback {
  key: number;
  model: string;
  on: ErrorClass[];
}

/** `null` of a draft is that nothing is kept. */
export interface DraftCache {
  ttl_s: string;
  max_temperature: string;
  shared: Schemas["Resource.CachePolicy"]["shared"];
  semantic: boolean;
  similarity: string;
}

export interface Draft {
  name: string;
  description: string;
  strategy: Strategy;
  sticky: boolean;
  targets: DraftTarget[];
  fallback: DraftFallback[];
  retries: { attempts: string; on: ErrorClass[]; wait_s: string; most_wait_s: string; budget: string };
  breaker: { failures: string; cooldown_s: string; most_cooldown_s: string };
  timeouts: { first_token_s: string; idle_s: string; total_s: string; min_tokens_per_s: string };
  hedge: { after_s: string; least_s: string } | null;
  shadow: { model: string; share: string } | null;
  cache: DraftCache | null;
  teams: string;
}

export const FALLBACK_ON: ErrorClass[] = ["rate_limit", "timeout", "server_error", "credentials", "not_found"];
const RETRY_ON: ErrorClass[] = ["rate_limit", "timeout", "server_error"];

const CACHE_TEXTS = { ttl_s: "3600", max_temperature: "0.3", shared: "team" as const, similarity: "" };
export const CACHE: DraftCache = { ...CACHE_TEXTS, semantic: false };

/** What the API takes for what is left out; see `domain/resources.py`. */
export const DEFAULTS: Omit<Draft, "name" | "targets"> = {
  description: "",
  strategy: "weighted",
  sticky: false,
  fallback: [],
  retries: { attempts: "0", on: RETRY_ON, wait_s: "0.25", most_wait_s: "5", budget: "0.2" },
  breaker: { failures: "5", cooldown_s: "10", most_cooldown_s: "120" },
  timeouts: { first_token_s: "", idle_s: "", total_s: "", min_tokens_per_s: "" },
  hedge: null,
  shadow: null,
  cache: CACHE,
  teams: "",
};
export const HEDGE = { after_s: "", least_s: "0.05" };
export const SHADOW = { model: "", share: "1" };

let keys = 0;
export const newTarget = (model = ""): DraftTarget => ({ key: ++keys, model, weight: "1", arm: "", tags: "" });
export const newFallback = (model = ""): DraftFallback => ({ key: ++keys, model, on: FALLBACK_ON });
export const newDraft = (): Draft => ({ ...DEFAULTS, name: "", targets: [newTarget()] });

/** From what the API told. */
export function draftOf(route: ResourceFields): Draft {
  const given = route as unknown as Partial<Whole> & { name: string };
  return {
    name: given.name,
    description: given.description ?? DEFAULTS.description,
    strategy: given.strategy ?? DEFAULTS.strategy,
    sticky: given.sticky ?? DEFAULTS.sticky,
    targets: (given.targets ?? []).map(({ model, weight, arm, tags }: Partial<Schemas["Resource.Target"]>) => ({
      key: ++keys,
      model: model ?? "",
      weight: String(weight ?? 1),
      arm: arm ?? "",
      tags: (tags ?? []).join(", "),
    })),
    fallback: (given.fallback ?? []).map((each) =>
      typeof each === "string" ? newFallback(each) : { ...newFallback(), ...each },
    ),
    retries: { ...DEFAULTS.retries, ...texts(given.retries), on: given.retries?.on ?? RETRY_ON },
    breaker: { ...DEFAULTS.breaker, ...texts(given.breaker) },
    timeouts: { ...DEFAULTS.timeouts, ...texts(given.timeouts) },
    hedge: given.hedge ? { ...HEDGE, ...texts(given.hedge) } : null,
    shadow: given.shadow ? { ...SHADOW, ...texts(given.shadow) } : null,
    cache: cacheOf(given.cache, given.cache_ttl_s),
    teams: (given.teams ?? []).join(", "),
  };
}

/** What is to be applied. A number that is none goes as it is, so that the API says what is wrong with it. */
export function resourceOf(draft: Draft): RouteResource {
  const description = draft.description && { description: draft.description };
  const optional = {
    strategy: draft.strategy === DEFAULTS.strategy ? undefined : draft.strategy,
    sticky: draft.sticky || undefined,
    fallback: draft.fallback.length ? draft.fallback.map(fallbackOf) : undefined,
    retries: besides(draft.retries, DEFAULTS.retries),
    breaker: besides(draft.breaker, DEFAULTS.breaker),
    timeouts: besides(draft.timeouts, DEFAULTS.timeouts),
    hedge: draft.hedge ? (besides(draft.hedge, HEDGE) ?? {}) : undefined,
    shadow: draft.shadow ? { model: draft.shadow.model, ...besides({ share: draft.shadow.share }, SHADOW) } : undefined,
    ...cached(draft.cache),
    teams: draft.teams.trim() ? words(draft.teams) : undefined,
  };
  return {
    kind: "Route",
    name: draft.name.trim(),
    ...description,
    targets: draft.targets.map(targetOf),
    ...withoutUndefined(optional),
  };
}

function cacheOf(given: Partial<Whole>["cache"], ttl_s: number | undefined): DraftCache | null {
  if (given === false) return null;
  if (given === undefined || given === true) return ttl_s === undefined ? CACHE : { ...CACHE, ttl_s: String(ttl_s) };
  const { shared, semantic, ...numbers } = given as Partial<Schemas["Resource.CachePolicy"]>;
  return { ...CACHE, ...texts(numbers), shared: shared ?? CACHE.shared, semantic: semantic ?? CACHE.semantic };
}

/** Whether how long is all there is to say of the cache, for which there is a short way. */
export const saysTimeAlone = ({ max_temperature, shared, semantic, similarity }: DraftCache) =>
  !semantic && !besides({ max_temperature, shared, similarity }, CACHE_TEXTS);

function cached(cache: DraftCache | null): Record<string, unknown> {
  if (!cache) return { cache: false };
  const { semantic, ...texts } = cache;
  const changed = besides(texts, CACHE_TEXTS);
  if (saysTimeAlone(cache)) return changed ? { cache_ttl_s: changed.ttl_s } : {};
  return { cache: { ...changed, ...(semantic && { semantic }) } };
}

function targetOf({ model, weight, arm, tags }: DraftTarget): RouteResource["targets"][number] {
  const weighed = weight.trim() === "1" ? {} : { weight: numberOf(weight) as number };
  return { model, ...weighed, ...(arm.trim() && { arm: arm.trim() }), ...(tags.trim() && { tags: words(tags) }) };
}

function fallbackOf({ model, on }: DraftFallback): string | { model: string; on: ErrorClass[] } {
  return sameClasses(on, FALLBACK_ON) ? model : { model, on };
}

type Fields = Record<string, string | ErrorClass[]>;

/** The fields that differ from their defaults, as the API takes them; undefined when none does. */
function besides(fields: Fields, defaults: Fields): Record<string, unknown> | undefined {
  const changed = Object.entries(fields).flatMap(([name, value]): [string, unknown][] => {
    const usual = defaults[name];
    if (typeof value !== "string") return Array.isArray(usual) && sameClasses(value, usual) ? [] : [[name, value]];
    return value.trim() === usual || value.trim() === "" ? [] : [[name, numberOf(value)]];
  });
  return changed.length ? Object.fromEntries(changed) : undefined;
}

const sameClasses = (some: ErrorClass[], others: ErrorClass[]) =>
  some.length === others.length && some.every((each) => others.includes(each));

function numberOf(text: string): number | string {
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

/** `a, b c` as three names. */
export const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

function texts<T extends object>(fields: T | null | undefined): Record<keyof T, string> {
  const known = Object.entries(fields ?? {}).filter(([, value]) => value !== null && !Array.isArray(value));
  return Object.fromEntries(known.map(([name, value]) => [name, String(value)])) as Record<keyof T, string>;
}

const withoutUndefined = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
