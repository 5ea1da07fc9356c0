/** On which terms a request was taken, as its answer's headers tell: what it was expected to cost, what is left, what is kept. */
import { formatUsd } from "../kit/format";

type Headers = Readonly<Record<string, string>>;

export interface Term {
  name: string;
  value: string;
  hint?: string;
}

const UNITS: Record<string, string> = { requests: "requests", tokens: "tokens", parallel: "at once", nano_usd: "" };

export function termsOf(headers: Headers): Term[] {
  return [estimate(headers), ...limits(headers), cache(headers)].filter((term) => term !== null);
}

function estimate(headers: Headers): Term | null {
  const told = headers["x-stoa-estimate-nano-usd"];
  if (told === undefined) return null;
  const tokens = headers["x-stoa-estimate-tokens"];
  const cost = told === "unknown" ? "unknown" : formatUsd(Number(told));
  return {
    name: "Expected",
    value: tokens === undefined ? cost : `≈ ${tokens} tokens in, ${told === "unknown" ? "cost unknown" : cost}`,
    hint: "Counted before the call: what was set aside for it",
  };
}

function limits(headers: Headers): Term[] {
  const found: Term[] = [];
  for (const [unit, word] of Object.entries(UNITS)) {
    const [limit, left, reset] = ["limit", "remaining", "reset"].map(
      (part) => headers[`x-ratelimit-${part}-${unit}`] ?? headers[`anthropic-ratelimit-${unit}-${part}`],
    );
    if (limit === undefined || left === undefined) continue;
    found.push({
      name: "Limit",
      value: `${left} of ${limit} ${word} left`.replace("  ", " "),
      ...(reset === undefined ? {} : { hint: `Full again: ${reset}` }),
    });
  }
  return found;
}

function cache(headers: Headers): Term | null {
  switch (headers["x-stoa-cache"]) {
    case "hit": {
      const saved = headers["x-stoa-saved-nano-usd"];
      const left = /max-age=(\d+)/.exec(headers["cache-control"] ?? "")?.[1];
      const parts = [
        headers["age"] === undefined ? "hit" : `answer ${span(Number(headers["age"]))} old`,
        ...(left === undefined ? [] : [`kept ${span(Number(left))} more`]),
        ...(saved === undefined || saved === "unknown" ? [] : [`saved ${formatUsd(Number(saved))}`]),
      ];
      return { name: "Cache", value: parts.join(", ") };
    }
    case "miss": {
      const ttl = headers["x-stoa-cache-ttl"];
      return { name: "Cache", value: ttl === undefined ? "not yet there" : `kept for ${span(Number(ttl))}` };
    }
    case undefined:
      return null;
    default:
      return { name: "Cache", value: "not kept" };
  }
}

/** Seconds in the largest unit that fits. */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = seconds / 3600;
  return hours < 48 ? `${Number(hours.toFixed(1))} h` : `${Math.round(hours / 24)} days`;
}
