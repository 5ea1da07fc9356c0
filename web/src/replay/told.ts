/** What a replay tells, in words. */
import type { Replay } from "../api/types";
import { formatUsd, plural } from "../kit/format";

type Side = Replay["total"]["before"];

export const count = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 1 });

/** Before and after where they differ. */
export const arrow = (before: string, after: string): string => (before === after ? before : `${before} → ${after}`);

export function cost({ cost_nano_usd, unknown_cost }: Side): string {
  const known = formatUsd(cost_nano_usd);
  return unknown_cost > 0 ? `${known} and ${count(unknown_cost)} unknown` : known;
}

export const isQuiet = ({ total }: Replay): boolean => total.before.requests + total.before.refused === 0;

/** One sentence for each thing that would be different. */
export function changes({ total, moved, refusals, admitted, guards }: Replay): string[] {
  const told: string[] = [];
  if (moved > 0) told.push(`${count(moved)} would be answered by another model.`);
  for (const [reason, times] of Object.entries(refusals)) told.push(`${count(times)} would newly be refused: ${reason}.`);
  if (admitted > 0) told.push(`${count(admitted)} that were refused would be answered; what they would cost is not known.`);
  if (guards && guards.answers_refused > 0) told.push(`${count(guards.answers_refused)} would get no answer, and be paid for.`);
  if (guards && guards.masked > 0) told.push(`${count(guards.masked)} would be masked.`);
  const [before, after] = [cost(total.before), cost(total.after)];
  if (before !== after) told.push(`They would cost ${after} instead of ${before}.`);
  return told;
}

/** What could not be known, and why. */
export function limits({ assumed, truncated, guards }: Replay): string[] {
  const told: string[] = [];
  if (guards) {
    if (guards.judged > 0) told.push(`Guardrails were run on ${plural(guards.judged, "request")} whose content is kept.`);
    if (guards.not_kept > 0) told.push(`Guardrails were not run for ${count(guards.not_kept)}: no content kept.`);
    if (guards.not_readable > 0) {
      told.push(`Guardrails were not run for ${count(guards.not_readable)}: you may not read their content; auditors may.`);
    }
    if (guards.beyond > 0) told.push(`Guardrails were not run for ${count(guards.beyond)} more: choose a shorter time.`);
    if (guards.left_out.length > 0) told.push(`Guards that ask others are not run: ${guards.left_out.join(", ")}.`);
  }
  if (assumed > 0) told.push(`${count(assumed)} go by load or latency, and are taken to go where they went.`);
  if (truncated) told.push("There were more requests than are looked at: choose a shorter time.");
  return told;
}
