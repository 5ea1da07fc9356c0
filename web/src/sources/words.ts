/** What the page calls the types of sources, their states and what a sync did. */
import type { Source, SourceSync } from "../api/types";
import { formatCount, plural } from "../kit/format";

const TYPES: Record<string, string> = {
  folder: "Folder",
  bucket: "Bucket",
  git: "Git",
  website: "Website",
  sql: "Database",
  mail: "E-mail",
  push: "Push",
  plugin: "Plugin",
};

export const typeName = (type: string): string => TYPES[type] ?? type;

export type State = "syncing" | "paused" | "new" | Exclude<SourceSync["state"], "running">;

export function stateOf({ last_sync: last, paused }: Source): State {
  if (last?.state === "running") return "syncing";
  if (paused) return "paused";
  return last ? last.state : "new";
}

export const STATES: Record<State, string> = {
  syncing: "syncing",
  paused: "paused",
  new: "never synced",
  succeeded: "in step",
  failed: "failed",
  unconfirmed: "waits for you",
  cancelled: "cancelled",
};

const CAUSES: Record<SourceSync["cause"], string> = {
  asked: "Asked for",
  due: "Due",
  watched: "Folder changed",
  changed: "Source changed",
  pushed: "Sent",
  removed: "Source deleted",
};

export const causeName = (cause: SourceSync["cause"]): string => CAUSES[cause];

/** Such as `3 added, 1 failed`. */
export function didOf(sync: SourceSync): string {
  const parts: [number, string][] = [
    [sync.added, "added"],
    [sync.changed, "changed"],
    [sync.removed, "removed"],
    [sync.rights_moved, "with other rights"],
    [sync.failed, "failed"],
    [sync.held_back, "held back until its hours"],
  ];
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${formatCount(count)} ${word}`);
  return told.join(", ") || (sync.state === "succeeded" ? "Nothing to do" : "");
}

/** How often it looks. */
export function rhythmOf({ every, watch, window, type }: Source): string {
  if (type === "push") return "When documents are sent";
  const parts = [watch ? "as soon as something changes" : "", every ? `every ${every}` : ""].filter(Boolean);
  const text = parts.join(" and ") || "only when asked";
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${window ? `, fetching ${window}` : ""}`;
}

export const seconds = (ms: number): string => (ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);

const MINUTE = 60_000;

/** How long until a moment. */
export function inTime(iso: string, now: number): string {
  const ms = Date.parse(iso) - now;
  if (ms < MINUTE) return "in a moment";
  if (ms < 60 * MINUTE) return `in ${Math.round(ms / MINUTE)} min`;
  if (ms < 48 * 60 * MINUTE) return `in ${Math.round(ms / (60 * MINUTE))} h`;
  return `in ${plural(Math.round(ms / (24 * 60 * MINUTE)), "day")}`;
}
