/** What can be counted of usage, and how each is shown. */
import type { UsageBucket } from "../api/types";
import { formatCompact, formatCost, formatCount, formatUsd } from "../kit/format";

type Sums = Omit<UsageBucket, "bucket">;

export interface Metric {
  id: "requests" | "tokens" | "cost" | "cache";
  name: string;
  /** For the chart: known amounts only. */
  value: (sums: Sums) => number;
  axis: (value: number) => string;
  text: (sums: Sums) => string;
}

const tokensOf = (sums: Sums) => sums.prompt_tokens + sums.completion_tokens;

export const METRICS: [Metric, ...Metric[]] = [
  { id: "requests", name: "Requests", value: (sums) => sums.requests, axis: formatCompact, text: (sums) => formatCount(sums.requests) },
  { id: "tokens", name: "Tokens", value: tokensOf, axis: formatCompact, text: (sums) => formatCompact(tokensOf(sums)) },
  { id: "cost", name: "Cost", value: (sums) => sums.cost_nano_usd, axis: formatUsd, text: formatCost },
  { id: "cache", name: "Cache hits", value: (sums) => sums.cache_hits, axis: formatCompact, text: cacheText },
];

function cacheText({ cache_hits: hits, requests }: Sums): string {
  return requests ? `${formatCount(hits)} (${Math.round((100 * hits) / requests)} %)` : formatCount(hits);
}

/** A round number at or above the highest value, for the top of an axis: 1, 2, 2.5 or 5 times a power of ten. */
export function roundTop(highest: number): number {
  if (highest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 2.5, 5, 10].find((each) => each * power >= highest) ?? 10;
  return step * power;
}

/** One bucket for each day up to `last` (ISO), days without usage included. */
export function everyDay(buckets: UsageBucket[], days: number, last: string): UsageBucket[] {
  const byDay = new Map(buckets.map((bucket) => [bucket.bucket, bucket]));
  const end = Date.parse(last);
  return Array.from({ length: days }, (_, i) => {
    const day = new Date(end - (days - 1 - i) * 86_400_000).toISOString().slice(0, 10);
    return byDay.get(day) ?? { ...NOTHING, bucket: day };
  });
}

const NOTHING: Sums = {
  requests: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  cost_nano_usd: 0,
  unknown_cost_requests: 0,
  cache_hits: 0,
  errors: 0,
};
