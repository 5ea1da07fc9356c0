/** What the double says was used and spent: always the same. */
import type { Budget, UsageBucket } from "../../src/api/types.ts";

const DAY_MS = 86_400_000;

/** A month of usage that always looks the same: weekends are quiet, some requests have no known price. */
function usageByDay(): UsageBucket[] {
  return Array.from({ length: 30 }, (_, i) => {
    const day = new Date(Date.now() - (29 - i) * DAY_MS);
    const quiet = day.getUTCDay() % 6 === 0 ? 0.15 : 1;
    const requests = Math.round((90 + 60 * Math.sin(i / 3) + i * 3) * quiet);
    return bucket(day.toISOString().slice(0, 10), requests, i % 9 === 4 ? Math.round(requests / 5) : 0);
  });
}

const usageByModel = (): UsageBucket[] => [
  bucket("stoa-reader", 2210, 0, 0),
  bucket("gpt-4.1-mini", 812, 0),
  bucket("local-qwen", 264, 264, 0),
  bucket("stoa-embed", 190, 0, 0),
];

const usageByProject = (): UsageBucket[] => [bucket("apollo", 1320, 0), bucket("gemini", 410, 37), bucket("", 1746, 227)];

const usageByUser = (): UsageBucket[] => [bucket("ada", 980, 0), bucket("", 2496, 264)];

/** One that is used up, one over its soft limit with unknown costs, one that nobody has touched. */
export function budgets(): Budget[] {
  const now = new Date();
  const at = (days: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + days)).toISOString();
  const usual: Budget = {
    name: null,
    scope: "team",
    subject: "company",
    per: "month",
    time_zone: "UTC",
    used_nano_usd: 250_000_000_000,
    reserved_nano_usd: null,
    unknown_cost_requests: 0,
    unknown: "allow",
    warn_nano_usd: null,
    limit_nano_usd: 250_000_000_000,
    state: "spent",
    starts_at: at(0),
    resets_at: at(1),
    as_of: now.toISOString(),
  };
  return [
    usual,
    {
      ...usual,
      name: "projects",
      scope: "project",
      subject: "apollo",
      per: "day",
      time_zone: "Europe/Berlin",
      used_nano_usd: 1_500_000_000,
      unknown_cost_requests: 3,
      warn_nano_usd: 1_000_000_000,
      limit_nano_usd: 2_000_000_000,
      state: "warned",
    },
    { ...usual, name: "assistants", scope: "assistant", subject: null, used_nano_usd: 0, state: "ok" },
  ];
}

function bucket(name: string, requests: number, unknown: number, perRequest = 1_830_000): UsageBucket {
  return {
    bucket: name,
    requests,
    prompt_tokens: requests * 812,
    completion_tokens: requests * 96,
    cost_nano_usd: (requests - unknown) * perRequest,
    unknown_cost_requests: unknown,
    cache_hits: Math.round(requests * 0.21),
    saved_nano_usd: Math.round((requests - unknown) * 0.21) * perRequest,
    errors: Math.round(requests / 60),
    refused: Math.round(requests / 90),
  };
}

export function usageBy(group: string | null): UsageBucket[] {
  if (group === "model") return usageByModel();
  if (group === "project") return usageByProject();
  return group === "user" ? usageByUser() : usageByDay();
}

export function totalOf(data: UsageBucket[]): UsageBucket {
  const sum = (field: Exclude<keyof UsageBucket, "bucket">) => data.reduce((all, bucket) => all + bucket[field], 0);
  return {
    bucket: null,
    requests: sum("requests"),
    prompt_tokens: sum("prompt_tokens"),
    completion_tokens: sum("completion_tokens"),
    cost_nano_usd: sum("cost_nano_usd"),
    unknown_cost_requests: sum("unknown_cost_requests"),
    cache_hits: sum("cache_hits"),
    saved_nano_usd: sum("saved_nano_usd"),
    errors: sum("errors"),
    refused: sum("refused"),
  };
}
