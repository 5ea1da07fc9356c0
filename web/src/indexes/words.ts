/** What the page says of the versions of an index, and of what can be done about them. */
import type { Anew, Comparison, Index, Job } from "../api/types";
import { percent } from "../collections/evaluating";
import { formatCount, formatUsd, plural } from "../kit/format";

export type Standing = "building" | "stopped" | "ready" | Exclude<Index["state"], "building">;

/** How a version stands, by itself and by the last job that worked on it: null when that is gone, undefined until it is known. */
export function standingOf(index: Index, job: Job | null | undefined): Standing {
  if (index.state !== "building") return index.state;
  if (job?.state === "failed" || job?.state === "cancelled") return index.lacking > 0 ? "stopped" : "ready";
  return (job === null || job?.ended_at) && index.lacking === 0 ? "ready" : "building";
}

export const STANDINGS: Record<Standing, string> = {
  building: "being built",
  stopped: "stopped",
  ready: "ready",
  serving: "searched",
  kept: "kept",
  dropped: "let go",
};

/** What building anew takes, as far as it is known. */
export function takes({ documents, chunks, tokens, cost_nano_usd: cost, embedding_model: model }: Anew): string {
  const work = `Its ${plural(documents, "document")} (${plural(chunks, "chunk")} as now) are cut and embedded again with ${model}`;
  if (tokens === null) return `${work}; how many tokens that is shows once a job has counted some.`;
  const money = cost === null ? "at a price that is not known" : cost === 0 ? "which costs no money" : `about ${formatUsd(cost)}`;
  return `${work}: about ${formatCount(tokens)} tokens, ${money}.`;
}

/** What was asked of both, and how much of what they find is the same. */
export function askedOf({ questions, judged, overlap, evaluation_set: set }: Comparison): string {
  if (questions === 0) return "There was nothing to ask: no document has a title, and nothing was judged.";
  const what = set === null ? plural(questions, "title") + " of documents" : `${plural(judged, "judged question")} of ${set}`;
  const shared = overlap === null ? "" : `; of the first ten passages, ${percent(overlap)} are the same`;
  return `By ${what}${shared}.`;
}

/** Such as `+0.04`; nothing where either is not known. */
export function difference(before: number | null, after: number | null): string {
  if (before === null || after === null) return "–";
  const by = after - before;
  return Math.abs(by) < 0.0005 ? "the same" : `${by > 0 ? "+" : "−"}${Math.abs(by).toFixed(3)}`;
}

/** Whether the report says that something that was judged is found worse. */
export const isWorse = ({ before, after }: Comparison): boolean =>
  (["recall", "mrr"] as const).some((name) => (after?.[name] ?? 0) < (before?.[name] ?? 0) - 0.0005);
