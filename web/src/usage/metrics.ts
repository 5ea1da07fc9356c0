/** What can be counted of usage, and how each is shown. */
import type { UsageBucket } from "../api/types";
import { formatCompact, formatCost, formatCount, formatUsd } from "../kit/format";

type Sums = Omit<UsageBucket, "bucket">;

export interface Metric {
  id: "requests" | "tokens" | "cost" | "cache" | "saved";
  name: string;
  /** For the chart: known amounts only. */
  value: (sums: Sums) => number;
  axis: (value: number) => string;
  text: (sums: Sums) => string;
}

const savedOf = (sums: Sums) => sums.saved_nano_usd;
const tokensOf = (sums: Sums) => sums.prompt_tokens + sums.completion_tokens;

export const METRICS: [Metric, ...Metric[]] = [
  {
    id: "requests",
    name: "Requests",
    value: (sums) => sums.requests,
    axis: formatCompact,
    text: (sums) => formatCount(sums.requests),
  },
  { id: "tokens", name: "Tokens", value: tokensOf, axis: formatCompact, text: (sums) => formatCompact(tokensOf(sums)) },
  { id: "cost", name: "Cost", value: (sums) => sums.cost_nano_usd, axis: formatUsd, text: formatCost },
  { id: "cache", name: "Cache hits", value: (sums) => sums.cache_hits, axis: formatCompact, text: cacheText },
  { id: "saved", name: "Saved", value: savedOf, axis: formatUsd, text: (sums) => formatUsd(savedOf(sums)) },
];

function cacheText({ cache_hits: hits, requests }: Sums): string {
  return requests ? `${formatCount(hits)} (${Math.round((100 * hits) / requests)} %)` : formatCount(hits);
}

const STEPS = 4;

/** The marks of an axis from 0 to at least `highest`, about four steps of 1, 2 or 5 times a power of ten, whole numbers. */
export function marksUpTo(highest: number): number[] {
  const rough = Math.max(highest / STEPS, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((each) => each * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.max(1, Math.ceil(highest / step)) + 1 }, (_, i) => i * step);
}

/** One bucket for each day up to `last` (ISO); those without usage hold `nothing`. */
export function everyDay<B extends { bucket: string | null }>(
  buckets: B[],
  days: number,
  last: string,
  nothing: Omit<B, "bucket">,
): (B | (Omit<B, "bucket"> & { bucket: string }))[] {
  const byDay = new Map(buckets.map((bucket) => [bucket.bucket, bucket]));
  const end = Date.parse(last);
  return Array.from({ length: days }, (_, i) => {
    const day = new Date(end - (days - 1 - i) * 86_400_000).toISOString().slice(0, 10);
    return byDay.get(day) ?? { ...nothing, bucket: day };
  });
}

export const NOTHING: Sums = {
  requests: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  cost_nano_usd: 0,
  unknown_cost_requests: 0,
  cache_hits: 0,
  saved_nano_usd: 0,
  errors: 0,
  refused: 0,
};
