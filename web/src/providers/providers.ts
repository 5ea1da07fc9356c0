/** What the screen shows of a provider, from its resource and the targets that are its models. */
import type { ResourceFields, Target } from "../api/types";
import { type Health, worst } from "../targets/health";

export interface Provider {
  name: string;
  type: string;
  /** Null when the type has one of its own. */
  url: string | null;
  place: string;
  /** The names of the secrets that are set; their values are never here. */
  secrets: string[];
  hasHealthCheck: boolean;
  isBuiltIn: boolean;
  targets: Target[];
  health: Health;
}

/** Those that were applied, by name, then the built-in one. */
export function providersOf(resources: ResourceFields[], targets: Target[]): Provider[] {
  const applied = resources.map((each) => providerOf(each, targets));
  const known = new Set(resources.map((each) => each.name));
  const rest = new Set(targets.map((each) => each.provider).filter((name) => !known.has(name)));
  return [...applied, ...Array.from(rest, (name) => ({ ...providerOf({ kind: "Provider", name }, targets), ...BUILT_IN }))];
}

const BUILT_IN = { type: "built in", isBuiltIn: true };

function providerOf(resource: ResourceFields, targets: Target[]): Provider {
  const own = targets.filter((each) => each.provider === resource.name);
  const text = (field: string) => (typeof resource[field] === "string" ? resource[field] : "");
  return {
    name: resource.name,
    type: text("type") || "openai-compatible",
    url: text("base_url") || null,
    place: [text("region"), text("project")].filter(Boolean).join(", "),
    secrets: secretsOf(resource),
    hasHealthCheck: typeof resource.health === "object" && resource.health !== null,
    isBuiltIn: false,
    targets: own,
    health: worst(own.map((each) => each.health)),
  };
}

function secretsOf({ api_key, credentials, headers }: ResourceFields): string[] {
  return [...(api_key ? ["api_key"] : []), ...Object.keys(credentials ?? {}), ...Object.keys(headers ?? {})];
}
