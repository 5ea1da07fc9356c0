/** Requests of the double: most went well, one fell back, one failed, one was refused, one came out of the cache. */
import type { Trace, TraceContent, TraceDecision, UsageRequest } from "../../src/api/types";
import { Refusal } from "./http.ts";
import { now } from "./state.ts";

/** A fact with what is usual in it. */
export function factOf(id: string, changed: Partial<UsageRequest> = {}): UsageRequest {
  return {
    id,
    at: now(),
    request_id: id,
    operation: "chat",
    form: "chat",
    team: "company",
    requested: "best",
    assistant: null,
    model: "gpt-4.1",
    provider: "openai",
    arm: null,
    status: 200,
    error: null,
    cache: "miss",
    cache_tier: null,
    cache_of: null,
    streamed: false,
    lane: "realtime",
    attempts: 1,
    refused: false,
    key_id: "key_01kbfx2m9d",
    user_id: null,
    project: null,
    parent_id: null,
    prompt_tokens: 812,
    cache_read_tokens: null,
    cache_write_tokens: null,
    completion_tokens: 96,
    reasoning_tokens: null,
    tokens_from: "provider",
    cost_nano_usd: 2_392_000,
    saved_nano_usd: null,
    estimate_nano_usd: 4_100_000,
    latency_ms: 842,
    first_token_ms: null,
    snapshot_version: 214,
    price_version: "2026-11-20+a41f",
    corpus_version: null,
    ...changed,
  };
}

const NOBODY = { model: null, provider: null, prompt_tokens: null, completion_tokens: null, tokens_from: "none", attempts: 0 };

const KINDS: Partial<UsageRequest>[] = [
  {},
  { model: "qwen3-32b", provider: "gpu-hall", attempts: 2, latency_ms: 9_640, streamed: true, first_token_ms: 8_420 },
  {
    requested: "assistant/handbook",
    model: "stoa-reader",
    provider: "stoa-engine",
    cost_nano_usd: 0,
    corpus_version: "handbook:3",
  },
  { cache: "hit", cache_tier: "exact", cost_nano_usd: 0, saved_nano_usd: 2_392_000, latency_ms: 0.4, attempts: 0 },
  { ...NOBODY, refused: true, status: 429, error: "rate_limit_exceeded", cost_nano_usd: 0, latency_ms: 0.2, team: "lab" },
  {
    status: 503,
    error: "all_targets_failed",
    cost_nano_usd: 0,
    latency_ms: 16_200,
    prompt_tokens: null,
    completion_tokens: null,
  },
  { requested: "local-qwen", model: "local-qwen", provider: "spare", cost_nano_usd: null, tokens_from: "estimate", team: "lab" },
];

const ALL: UsageRequest[] = Array.from({ length: 80 }, (_, i) =>
  factOf(`01kbfx2m9dq4v${String(9999 - i).padStart(4, "0")}0000000aa`, {
    at: new Date(Date.now() - (i + 1) * 47_000).toISOString(),
    ...KINDS[i % KINDS.length],
  }),
);

const PAGE = 50;

export function listed(query: URLSearchParams): { data: UsageRequest[]; next_cursor: string | null } {
  const [status, text, model, team] = ["status", "text", "model", "team"].map((name) => query.get(name));
  const least = Number(query.get("min_ms") ?? 0);
  const fits = (each: UsageRequest) =>
    (!status || statusOf(each) === status) &&
    (!team || each.team === team) &&
    (!model || each.model === model || each.requested === model) &&
    each.latency_ms >= least &&
    (!text || `${each.id} ${each.requested} ${each.model} ${each.provider} ${each.error}`.includes(text));
  const found = ALL.filter(fits);
  const from = Number(query.get("cursor") ?? 0);
  return { data: found.slice(from, from + PAGE), next_cursor: found.length > from + PAGE ? String(from + PAGE) : null };
}

const statusOf = ({ refused, error }: UsageRequest) => (refused ? "refused" : error === null ? "ok" : "error");

function one(id: string | undefined): UsageRequest {
  const found = ALL.find((each) => each.id === id);
  if (!found) throw new Refusal(404, `There is no request '${id ?? ""}' that you may see.`);
  return found;
}

export function traced(id: string | undefined): Trace {
  const request = one(id);
  return { request, decision: decisionOf(request), caused: request.assistant ? [] : causedBy(request) };
}

const causedBy = (request: UsageRequest): UsageRequest[] =>
  request.requested.startsWith("assistant/")
    ? [
        factOf(`${request.id}e`, {
          operation: "embedding",
          requested: "stoa-embed",
          model: "stoa-embed",
          latency_ms: 6,
          cost_nano_usd: 0,
        }),
      ]
    : [];

function decisionOf(request: UsageRequest): TraceDecision | null {
  if (request.requested === "local-qwen") return null;
  const whole = Math.round(request.latency_ms * 1000);
  const none = {
    strategy: "weighted",
    estimated_by: "o200k_base",
    claims: [],
    verdicts: [],
    passed_over: [],
    retrieved: [],
    cache_key: null,
    similarity: null,
    reranked: [],
    tags: [],
  };
  if (request.refused) {
    const claims = [{ name: "batch", subject: "key lab-batch", unit: "requests", amount: 1, most: 10, used: 10 }];
    return {
      ...none,
      why: null,
      tries: [],
      claims,
      stages: [
        { stage: "receive", start_us: 0, end_us: 90 },
        { stage: "answer", start_us: 90, end_us: whole },
      ],
    };
  }
  const before = [
    { stage: "receive", start_us: 0, end_us: 110 },
    { stage: "read", start_us: 110, end_us: 122 },
    { stage: "admit", start_us: 122, end_us: 140 },
  ];
  const last = { stage: "answer", start_us: whole - 60, end_us: whole };
  if (request.cache === "hit") {
    return {
      ...none,
      why: "Answered from the cache: the very same request was answered before.",
      tries: [],
      stages: [...before, last],
      cache_key: "5f0c2b91aa07",
    };
  }
  const asked = {
    provider: request.provider ?? "",
    content_us: null,
    status: 200,
    error: null,
    error_class: null,
    answered: true,
  };
  const answered = { ...asked, kind: "first" as const, model: request.model ?? "", asked_us: 150, ended_us: whole - 60 };
  const failed = {
    ...asked,
    kind: "first" as const,
    model: "gpt-4.1",
    provider: "openai",
    asked_us: 150,
    ended_us: 8_000_000,
    status: 0,
    error: "upstream_timeout",
    error_class: "timeout",
    answered: false,
  };
  const stages = [
    ...before,
    { stage: "route", start_us: 140, end_us: 150 },
    { stage: "upstream", start_us: 150, end_us: whole - 60 },
    last,
  ];
  if (request.attempts === 2) {
    return {
      ...none,
      why: "First gpt-4.1: Drawn by weight: 95 of 100, with 0.412. qwen3-32b answered since it is a fallback of the route.",
      stages,
      tries: [failed, { ...answered, kind: "fallback", asked_us: 8_000_100, content_us: 8_420_000 }],
      passed_over: [{ model: "gpt-4.1-west", why: "left alone after timeout, asked again in 12 s" }],
      verdicts: [{ guard: "personal data", stage: "before", outcome: "mask", us: 310, found: ["email"] }],
      claims: [{ name: "usual", subject: "key shop", unit: "requests", amount: 1, most: 600, used: null }],
    };
  }
  if (request.error)
    return { ...none, why: "It is the only target of best. None answered.", stages: [...before, last], tries: [failed] };
  const retrieved = request.corpus_version ? [{ collection: "handbook", document_id: "doc_01kbfx2m", score: 0.0312 }] : [];
  return { ...none, why: "Drawn by weight: 95 of 100, with 0.412.", stages, tries: [answered], retrieved };
}

export function contentOf(id: string | undefined): TraceContent {
  const request = one(id);
  if (request.team === "lab")
    return { state: "none", form: "chat", request: null, answer: null, cut: false, masked: false, messages: null };
  const messages = [
    { role: "system", content: "You are kind and brief." },
    { role: "user", content: "How long may an Insuvara pen be kept after its first use?" },
  ];
  const answer = { role: "assistant", content: "For 28 days, below 30 °C." };
  return {
    state: "stored",
    form: "chat",
    request: { model: request.requested, messages, temperature: 0.2, stream: request.streamed },
    answer: { choices: [{ message: answer }] },
    cut: false,
    masked: request.attempts === 2,
    messages: [...messages, answer],
  };
}
