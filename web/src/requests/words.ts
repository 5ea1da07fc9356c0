/** What of a request is said in words. */
import type { UsageRequest } from "../api/types";
import { formatCount, formatUsd } from "../kit/format";

type State = "ok" | "error" | "refused";

export const stateOf = ({ refused, status, error }: UsageRequest): State =>
  refused ? "refused" : status >= 400 || error !== null ? "error" : "ok";

export function outcomeOf({ status, error }: UsageRequest): string {
  return error === null ? String(status) : `${status} ${error}`;
}

export const costOf = ({ cost_nano_usd: cost }: UsageRequest): string => (cost === null ? "unknown" : formatUsd(cost));

export function tokensOf({ prompt_tokens: prompt, completion_tokens: completion, tokens_from }: UsageRequest): string {
  if (prompt === null) return "–";
  const about = tokens_from === "estimate" ? "about " : "";
  return `${about}${formatCount(prompt)} in, ${formatCount(completion ?? 0)} out`;
}

export function cacheOf({ cache, cache_tier: tier, saved_nano_usd: saved }: UsageRequest): string {
  if (cache !== "hit") return cache === "miss" ? "no answer in it" : "passed by";
  const how = tier === "semantic" ? "a question that means the same" : "the same request";
  return `answered from it: ${how}${saved === null ? "" : `, ${formatUsd(saved)} saved`}`;
}

export function formatUs(us: number): string {
  if (us < 1000) return `${us} µs`;
  if (us < 10_000) return `${(us / 1000).toFixed(1)} ms`;
  if (us < 999_500) return `${Math.round(us / 1000)} ms`;
  return `${(us / 1_000_000).toFixed(2)} s`;
}

export const STAGES: Record<string, string> = {
  receive: "Body comes in",
  read: "Read",
  admit: "Limits and budgets",
  guard: "Guardrails",
  cache: "Cache",
  augment: "Documents",
  route: "Route",
  upstream: "Waits for models",
  answer: "Answer made ready",
};

export const KINDS: Record<string, string> = {
  first: "asked first",
  retry: "asked again",
  next: "the route’s next",
  fallback: "fallback",
  hedge: "beside a slow one",
  larger: "a larger model",
  shadow: "shadow",
};
