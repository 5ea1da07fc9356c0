/** What each part of a route comes to, in a few words, for whoever does not open it. */
import type { Draft, Strategy } from "./draft";

export const STRATEGIES: Record<Strategy, { name: string; meaning: string }> = {
  weighted: { name: "Weighted", meaning: "Each target gets its share of the requests." },
  ordered: { name: "In order", meaning: "The first target that can be asked; the next ones when it fails." },
  least_busy: { name: "Least busy", meaning: "The target with the fewest requests under way for its weight." },
  lowest_latency: { name: "Fastest", meaning: "The target that has answered fastest of late." },
  cheapest: { name: "Cheapest", meaning: "The target with the lowest price whose price is known." },
  tagged: { name: "By tag", meaning: "Targets with a tag that the request names in x-stoa-tags, else those without any." },
  complexity: {
    name: "By complexity",
    meaning: "Targets from small to large: simple requests begin with the first, and one without an answer escalates.",
  },
};

/** Strategies in which a weight is a share of the requests. */
export const hasShares = (strategy: Strategy): boolean =>
  strategy === "weighted" || strategy === "tagged" || strategy === "least_busy";

export function shareText(draft: Draft, weight: string): string {
  const total = draft.targets.reduce((sum, each) => sum + (Number(each.weight) || 0), 0);
  const share = (Number(weight) || 0) / total;
  return total > 0 ? `${share > 0 && share < 0.01 ? "<1" : Math.round(share * 100)} %` : "";
}

const percent = (share: string): string => `${Math.round(Number(share) * 1000) / 10} %`;
const times = (count: string, noun: string): string => `${count} ${noun}${count === "1" ? "" : "s"}`;

export function retriesText({ attempts, budget }: Draft["retries"]): string {
  return Number(attempts) ? `up to ${attempts} more, adding ${percent(budget)} of requests at most` : "none";
}

export const breakerText = ({ failures, cooldown_s }: Draft["breaker"]): string =>
  `after ${times(failures, "failure")} in a row, for ${cooldown_s} s`;

export function timeoutsText(timeouts: Draft["timeouts"]): string {
  const parts = [
    timeouts.first_token_s && `first token ${timeouts.first_token_s} s`,
    timeouts.idle_s && `idle ${timeouts.idle_s} s`,
    timeouts.total_s && `whole ${timeouts.total_s} s`,
    timeouts.min_tokens_per_s && `at least ${timeouts.min_tokens_per_s} tokens/s`,
  ].filter(Boolean);
  return parts.join(", ") || "as the provider says";
}

export function hedgeText(hedge: Draft["hedge"]): string {
  if (!hedge) return "off";
  return hedge.after_s ? `a second target after ${hedge.after_s} s` : "a second target after the first’s usual p95";
}

export function shadowText(shadow: Draft["shadow"]): string {
  return shadow ? `${percent(shadow.share)} also to ${shadow.model || "…"}` : "off";
}

export function cacheText({ cache }: Draft): string {
  if (!cache) return "off";
  const alone = cache.shared === "key" ? ", for the same key or person" : "";
  return `answers are kept for ${timeText(cache.ttl_s)}${alone}`;
}

function timeText(text: string): string {
  const seconds = Number(text);
  if (seconds >= 3600 && seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds >= 60 && seconds % 60 === 0 ? `${seconds / 60} min` : `${text} s`;
}
