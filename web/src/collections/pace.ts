/** How fast a job is, how long it may still take, and what it cost so far. */
import type { Job } from "../api/types";
import { formatUsd } from "../kit/format";

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Such as `about 2 min 10 s left`. */
export function timeLeft(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < MINUTE) return `about ${whole} s left`;
  if (whole < HOUR) return `about ${Math.floor(whole / MINUTE)} min ${whole % MINUTE} s left`;
  return `about ${Math.floor(whole / HOUR)} h ${Math.floor((whole % HOUR) / MINUTE)} min left`;
}

/** Such as `12.0 documents/s, 37.5 pages/s, about 40 s left, $0.02`. A cost of nothing is not worth a word. */
export function paceOf(job: Job): string {
  const { documents_per_second: documents, pages_per_second: pages, seconds_left: left, cost_nano_usd: cost, tokens } = job;
  const isOpen = !job.ended_at;
  const parts = [
    isOpen && documents !== null && `${documents.toFixed(1)} documents/s`,
    isOpen && pages !== null && job.pages > 0 && `${pages.toFixed(1)} pages/s`,
    isOpen && left !== null && timeLeft(left),
    tokens > 0 && (cost === null ? "unknown cost" : cost > 0 && formatUsd(cost)),
  ];
  return parts.filter(Boolean).join(", ");
}
