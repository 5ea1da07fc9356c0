/** Times, rates and prices as the tables show them. What is not known is a dash, never a zero. */
import type { Target } from "../api/types";

export const UNKNOWN = "–";

export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return UNKNOWN;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 9_995 ? 2 : 1)} s`;
}

/** A share of requests. What happened at all is never rounded to nothing. */
export function formatRate(rate: number | null | undefined): string {
  if (rate === null || rate === undefined) return UNKNOWN;
  const percent = rate * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.1) return "<0.1 %";
  return `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** US dollars for a million tokens. */
export function formatPrice(dollars: number): string {
  const digits = dollars !== 0 && dollars < 0.1 ? 3 : 2;
  return `$${dollars.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: digits })}`;
}

export function priceText(price: Target["price"]): string {
  if (price === null) return "unknown";
  if (price.input_per_million === 0 && price.output_per_million === 0) return "free";
  return `${formatPrice(price.input_per_million)} / ${formatPrice(price.output_per_million)}`;
}

/** The longest time that a figure of these targets is about, in minutes; for the table's head. */
export function windowMinutes(targets: Target[]): number {
  const longest = Math.max(0, ...targets.map(({ figures }) => figures?.window_s ?? 0));
  return Math.max(1, Math.round(longest / 60));
}

/** From which share of failures on a rate is worth a colour. */
export const isAlarming = (rate: number | null | undefined): boolean => (rate ?? 0) >= 0.05;
