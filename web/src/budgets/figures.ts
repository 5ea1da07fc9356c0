/** What a budget's bar shows, and how it is said. */
import type { Budget } from "../api/types";
import { formatUsd, plural } from "../kit/format";

/** Where things stand on a bar, from 0 to 1: what is used, and the soft limit if there is one beside the hard one. */
export function barOf({ used_nano_usd: used, limit_nano_usd: limit, warn_nano_usd: warn }: Budget): {
  used: number;
  warn: number | null;
} {
  const whole = limit ?? warn ?? 0;
  const share = (amount: number) => (whole > 0 ? Math.min(1, amount / whole) : 1);
  return { used: whole > 0 ? share(used) : 1, warn: warn !== null && limit !== null ? share(warn) : null };
}

export const nameOf = ({ scope, subject, name }: Budget): string =>
  `${scope.charAt(0).toUpperCase()}${scope.slice(1)} ${subject ?? "– each one"}${name ? ` · ${name}` : ""}`;

/** Such as "$1.50 of $2.00 a day; 3 requests of unknown cost". */
export function amountsOf(budget: Budget): string {
  const { used_nano_usd: used, limit_nano_usd: limit, warn_nano_usd: warn, unknown_cost_requests: unknown } = budget;
  const bound =
    limit !== null ? `of ${formatUsd(limit)}` : warn !== null ? `· said from ${formatUsd(warn)} on, nothing is refused` : "";
  const missing = unknown > 0 ? `, and ${plural(unknown, "request")} of unknown cost` : "";
  return `${formatUsd(used)} ${bound} a ${budget.per}${missing}`;
}

export const STATES: Record<Budget["state"], string> = { ok: "within", warned: "over its soft limit", spent: "used up" };
