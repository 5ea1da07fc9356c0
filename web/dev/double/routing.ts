/** What the double does with routes: it looks at them as the API would, a little, and explains them by their order. */
import type { Change, ResourceFields, RouteExplanation } from "../../src/api/types";
import { checkAssistant } from "./assistants.ts";
import { Refusal } from "./http.ts";
import { placeOf, targets } from "./platform.ts";
import { checkSource } from "./sources.ts";

type Target = { model: string; weight?: number | string; arm?: string; tags?: string[] };
type Fallback = string | { model: string; on: RouteExplanation["steps"][number]["on"] };
export type Route = ResourceFields & { targets: Target[]; strategy?: string; fallback?: Fallback[] };

interface Application {
  resources: Route[];
  dry_run?: boolean;
}

export function apply(
  resources: Map<string, ResourceFields>,
  { resources: wanted, dry_run }: Application,
): { changes: Change[] } {
  const changes = wanted.map((route): Change => {
    if (route.kind === "Assistant") checkAssistant(route, "resources[0].", collectionsOf(resources));
    else if (route.kind === "Route") check(route, "resources[0].");
    else if (route.kind === "Source") checkSource(route, "resources[0].");
    else checkGuardrail(route, "resources[0].");
    const before = resources.get(placeOf(route)) ?? null;
    const isSame = JSON.stringify(sorted(before)) === JSON.stringify(sorted(route));
    return {
      kind: route.kind,
      name: route.name,
      change: !before ? "created" : isSame ? "unchanged" : "changed",
      before,
      after: route,
    };
  });
  if (!dry_run) for (const route of wanted) resources.set(placeOf(route), route);
  return { changes };
}

const collectionsOf = (resources: Map<string, ResourceFields>) =>
  Array.from(resources.values()).flatMap(({ kind, name }) => (kind === "Collection" ? [name] : []));

const sorted = (fields: object | null) => fields && Object.entries(fields).sort(([a], [b]) => a.localeCompare(b));

/** As `control/guardrail_fields.py` refuses. */
export function checkGuardrail(guardrail: ResourceFields, place: string): void {
  const told = `Guardrail '${guardrail.name}'`;
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(guardrail.name)) {
    throw new Refusal(400, `${told}: Expected a name, in the field 'name'.`, "invalid_request", `${place}name`);
  }
  const guards = guardrail.guards as Record<string, unknown>[];
  for (const [i, { type, deny, languages, patterns, tokens }] of guards.entries()) {
    if (type === "words" && !deny && !languages && !patterns) {
      const message = `${told}, field 'guards[${i}].deny': no words are given; give languages, deny or patterns.`;
      throw new Refusal(400, message, "invalid_request", `guards[${i}].deny`);
    }
    if (typeof tokens === "string") {
      const message = `${told}: Expected \`int | null\`, got \`str\`, in the field 'guards[${i}].tokens'.`;
      throw new Refusal(400, message, "invalid_request", `${place}guards[${i}].tokens`);
    }
  }
}

/** As `control/reading.py` and `control/references.py` refuse. */
function check(route: Route, place: string): void {
  const told = `Route '${route.name}'`;
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(route.name)) {
    throw new Refusal(400, `${told}: Expected a name, in the field 'name'.`, "invalid_request", `${place}name`);
  }
  const known = targets().data.map((each) => each.model);
  for (const [i, { model, weight }] of route.targets.entries()) {
    if (weight !== undefined && !Number.isInteger(weight)) {
      const message = `${told}: Expected \`int\`, got \`str\`, in the field 'targets[${i}].weight'.`;
      throw new Refusal(400, message, "invalid_request", `${place}targets[${i}].weight`);
    }
    if (!known.includes(model)) {
      const message = `${told}, field 'targets[${i}].model': there is no '${model}'.`;
      throw new Refusal(400, message, "invalid_request", `targets[${i}].model`);
    }
  }
}

export function explain({ route, tags }: { route: Route; tags: string[] }): RouteExplanation {
  check(route, "route.");
  const known = new Map(targets().data.map((each) => [each.model, each]));
  const allowed = route.strategy === "tagged" ? byTag(route.targets, tags) : route.targets;
  const total = route.targets.reduce((sum, { weight }) => sum + Number(weight ?? 1), 0);
  const steps: RouteExplanation["steps"] = [];
  const passed: RouteExplanation["steps"] = [];
  for (const { model, weight, arm } of route.targets) {
    const target = known.get(model);
    const base = { model, provider: target?.provider ?? "", arm: arm ?? null, on: [] };
    if (!allowed.some((each) => each.model === model)) {
      passed.push({ ...base, verdict: "passed over", why: "Not asked: others have a tag that was asked for." });
    } else if (target?.health === "open" || target?.health === "unhealthy") {
      passed.push({ ...base, verdict: "passed over", why: WHY_NOT[target.health] });
    } else {
      steps.push({ ...base, verdict: steps.length ? "then" : "first", why: `Drawn by weight, ${weight ?? 1} of ${total}.` });
    }
  }
  for (const each of route.fallback ?? []) {
    const { model, on } = typeof each === "string" ? { model: each, on: [] } : each;
    const provider = known.get(model)?.provider ?? "";
    steps.push({ model, on, arm: null, provider, verdict: on.length ? "on" : "then", why: "Fallback." });
  }
  const complexity = route.strategy === "complexity" ? 0.21 : null;
  return { strategy: route.strategy ?? "weighted", sticky: false, complexity, steps: [...steps, ...passed] };
}

const WHY_NOT = {
  open: "Not asked: left alone after timeout, asked again in 11 s.",
  unhealthy: "Not asked: the health check of its provider fails (it answered 503).",
};

function byTag(all: Target[], tags: string[]): Target[] {
  const matching = all.filter((each) => each.tags?.some((tag) => tags.includes(tag)));
  return matching.length ? matching : all.filter((each) => !each.tags?.length);
}
