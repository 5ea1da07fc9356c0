/** Numbers, money, sizes and times as people read them. */

const count = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

export const formatCount = (n: number): string => count.format(n);
export const formatCompact = (n: number): string => (n < 10_000 ? count.format(n) : compact.format(n));

export const plural = (n: number, noun: string): string => `${count.format(n)} ${noun}${n === 1 ? "" : "s"}`;

const NANO = 1e9;

/** Nano-dollars as dollars: cents from a dollar on, two significant digits below a cent. */
export function formatUsd(nano: number): string {
  const dollars = nano / NANO;
  if (nano === 0) return "$0.00";
  if (Math.abs(dollars) >= 0.01)
    return `$${dollars.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return `$${Number(dollars.toPrecision(2)).toFixed(Math.max(2, 1 - Math.floor(Math.log10(Math.abs(dollars)))))}`;
}

/** What some requests cost. Requests of unknown price are never counted as free. */
export function formatCost({
  cost_nano_usd: cost,
  unknown_cost_requests: unknown,
  requests,
}: {
  cost_nano_usd: number | null;
  unknown_cost_requests: number;
  requests: number;
}): string {
  if (cost === null || (unknown > 0 && unknown >= requests)) return "unknown";
  if (unknown > 0) return `${formatUsd(cost)} + unknown`;
  return formatUsd(cost);
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 10 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit] ?? ""}`;
}

const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dateFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const timeFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

export const formatDateTime = (iso: string): string => timeFormat.format(new Date(iso));

/** A calendar day in UTC, such as the usage report's buckets. */
export function formatDay(day: string): string {
  const [year = 0, month = 1, date = 1] = day.slice(0, 10).split("-").map(Number);
  return dayFormat.format(new Date(year, month - 1, date));
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function formatAgo(iso: string, now: number): string {
  const ago = now - Date.parse(iso);
  if (ago < MINUTE) return "just now";
  if (ago < HOUR) return `${Math.floor(ago / MINUTE)} min ago`;
  if (ago < DAY) return `${Math.floor(ago / HOUR)} h ago`;
  if (ago < 7 * DAY) return plural(Math.floor(ago / DAY), "day") + " ago";
  return dateFormat.format(new Date(iso));
}
