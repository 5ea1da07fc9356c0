/** Providers, models and routes of the double, and how its targets are doing: one is left alone, one fails its health check. */
import type { ResourceFields, Target, Targets } from "../../src/api/types";

export const placeOf = ({ kind, name }: { kind: string; name: string }): string => `${kind}/${name}`;

const MASK = "********";

export const applied: ResourceFields[] = [
  { kind: "Collection", name: "handbook", team: "company" },
  { kind: "Collection", name: "research", team: "company" },
  {
    kind: "Assistant",
    name: "handbook",
    title: "Handbook",
    description: "Answers from the staff handbook.",
    prompt: "Answer in plain words.",
    collections: ["handbook"],
    examples: ["What may I travel in by rail?"],
  },
  { kind: "Provider", name: "openai", type: "openai", api_key: MASK, health: {} },
  {
    kind: "Provider",
    name: "azure-west",
    type: "azure",
    base_url: "https://meridian-west.openai.azure.com",
    credentials: { tenant_id: MASK, client_id: MASK, client_secret: MASK },
  },
  { kind: "Provider", name: "gpu-hall", type: "vllm", base_url: "http://10.20.0.7:8000/v1", health: { every_s: 5 } },
  { kind: "Provider", name: "spare", type: "openai-compatible", base_url: "http://10.20.0.9:8000/v1" },
  {
    kind: "Route",
    name: "best",
    description: "What assistants answer with",
    targets: [
      { model: "gpt-4.1", weight: 95, arm: "stable" },
      { model: "gpt-4.1-west", weight: 5, arm: "canary" },
    ],
    fallback: ["qwen3-32b", { model: "gpt-4.1-mini", on: ["context_window"] }],
    retries: { attempts: 1 },
    timeouts: { first_token_s: 8, total_s: 120 },
  },
  {
    kind: "Route",
    name: "thrifty",
    strategy: "complexity",
    sticky: true,
    targets: [{ model: "qwen3-32b" }, { model: "gpt-4.1-mini" }, { model: "gpt-4.1" }],
  },
  {
    kind: "Route",
    name: "in-europe",
    strategy: "tagged",
    targets: [{ model: "qwen3-32b", tags: ["eu"] }, { model: "gpt-4.1" }],
  },
  {
    kind: "Guardrail",
    name: "personal-data",
    description: "Addresses do not leave the house",
    default: true,
    guards: [{ type: "personal", kinds: ["EMAIL_ADDRESS"] }],
  },
  {
    kind: "Guardrail",
    name: "manners",
    routes: ["best"],
    teams: ["lab"],
    guards: [
      { type: "words", languages: ["en"], deny: ["griffin"], action: "refuse" },
      { type: "http", name: "compliance", url: "http://10.20.0.8/judge", headers: { authorization: MASK } },
    ],
  },
];

type Figures = NonNullable<Target["figures"]>;

let asked = 0;

/** A little more with every question, as on a platform that is used. */
export function targets(): Targets {
  asked += 1;
  return {
    workers: 2,
    data: [
      target("gpt-4.1", "openai", "healthy", { price: [2, 8], context: 1_047_576 }, figures(4120 + asked, 6, 812, 2380, 312)),
      target(
        "gpt-4.1-mini",
        "openai",
        "probing",
        { price: [0.4, 1.6], context: 1_047_576 },
        { ...figures(218, 14, 441, 1210, 190), last_error: { error_class: "rate_limit", at: ago(4) } },
      ),
      target(
        "gpt-4.1-west",
        "azure-west",
        "open",
        { price: [2, 8], upstream: "gpt-41-prod", usable: 11.4, context: 1_047_576 },
        { ...figures(96, 31, 2210, 9400, 1400), last_error: { error_class: "timeout", at: ago(9) } },
      ),
      target(
        "qwen3-32b",
        "gpu-hall",
        "unhealthy",
        { upstream: "Qwen/Qwen3-32B", note: "it answered 503", context: 131_072 },
        { ...figures(640, 52, 655, 1990, 88), last_error: { error_class: "server_error", at: ago(75) } },
      ),
      target("stoa-embed", "stoa-engine", "healthy", { price: [0, 0], operation: "embedding" }, figures(1904, 0, 8.4, 21, null)),
      target("stoa-reader", "stoa-engine", "unknown", { price: [0, 0] }, figures(0, 0, null, null, null)),
    ],
  };
}

interface Facts {
  price?: [number, number];
  context?: number;
  upstream?: string;
  operation?: Target["operation"];
  usable?: number;
  note?: string;
}

function target(model: string, provider: string, health: Target["health"], facts: Facts, of: Figures): Target {
  return {
    model,
    provider,
    upstream_name: facts.upstream ?? model,
    operation: facts.operation ?? "chat",
    description: model === "stoa-reader" ? "Answers in the documents' own sentences" : "",
    built_in: provider === "stoa-engine",
    price: facts.price ? { input_per_million: facts.price[0], output_per_million: facts.price[1] } : null,
    context_tokens: facts.context ?? null,
    health,
    health_note: facts.note ?? "",
    usable_in_s: facts.usable ?? 0,
    figures: { ...of, workers: of.workers.map((each) => ({ ...each, health })) },
  };
}

function figures(requests: number, failed: number, p50: number | null, p95: number | null, first: number | null): Figures {
  const half = Math.ceil(requests / 2);
  return {
    window_s: 290,
    requests,
    failed,
    refused: Math.round(requests / 200),
    error_rate: requests ? failed / requests : null,
    latency_p50_ms: p50,
    latency_p95_ms: p95,
    latency_p99_ms: p95 && p95 * 1.6,
    first_token_p50_ms: first,
    first_token_p95_ms: first && first * 2.2,
    tokens_per_s: requests * 1.7,
    in_flight: Math.round(requests / 300),
    waiting: 0,
    last_error: null,
    workers: [
      { gateway: "meridian-1", worker: 1, health: "healthy", requests: half, in_flight: 1 },
      { gateway: "meridian-1", worker: 2, health: "healthy", requests: requests - half, in_flight: 0 },
    ],
  };
}

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();
