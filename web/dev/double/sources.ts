/** Sources: one of each state, and one that was drawn up. */
import type { ResourceFields, Source, SourceDetail, SourceSync } from "../../src/api/types";
import { Refusal, json, jsonOf } from "./http.ts";
import { type Route, route } from "./route.ts";
import { found, newId } from "./state.ts";

const at = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

const NOTHING = { added: 0, changed: 0, removed: 0, rights_moved: 0, failed: 0, held_back: 0, bytes: 0, acl_lag_ms: null };

function sync(source: string, ago: number, did: Partial<SourceSync> = {}): SourceSync {
  const times = { started_at: at(-ago), ended_at: at(-ago + 0.35) };
  const known = { id: newId("job"), source, cause: "due" as const, state: "succeeded" as const, message: null, listed: 1204 };
  return { ...known, ...times, ...NOTHING, ...did };
}

const AWAY = "https://git.example.com/team/wiki.git cannot be reached: connection refused.";
const GONE =
  "812 of its 1,204 documents are gone from the source, more than most_removed (50%) allows, so nothing was removed. If it is " +
  "meant: stoa source sync records --confirm-removals";

/** As the API does, of what the page may have wrong. */
export function checkSource({ name, origin }: ResourceFields, at: string): void {
  const { type, path } = origin as { type: string; path?: string };
  if (type === "folder" && !path?.startsWith("/")) {
    const what = `'${path ?? ""}' must be an absolute path, such as /srv/handbook`;
    throw new Refusal(400, `Source '${name}', field 'origin.path': ${what}.`, null, `${at}origin.path`);
  }
}

export class Sources {
  readonly history = new Map<string, SourceSync[]>([
    [
      "handbook-files",
      [
        sync("handbook-files", 4),
        sync("handbook-files", 34, { cause: "watched", rights_moved: 3, acl_lag_ms: 640 }),
        sync("handbook-files", 200, { added: 2, changed: 5, removed: 1, bytes: 1_840_000 }),
        sync("handbook-files", 3000, { cause: "asked", added: 1204, failed: 2, bytes: 318_000_000 }),
      ],
    ],
    ["wiki", [sync("wiki", 9, { state: "failed", message: AWAY, listed: 0 })]],
    ["records", [sync("records", 61, { state: "unconfirmed", message: GONE, listed: 392 })]],
    ["crawl", [sync("crawl", 1, { state: "running", ended_at: null, cause: "asked", added: 40 })]],
    ["inbox", [sync("inbox", 2000, { cause: "pushed", added: 12, listed: 12, bytes: 90_000 })]],
  ]);
  readonly sources = new Map<string, Source>(
    [
      this.#source("handbook-files", "folder", { documents: 1204, failed: 2, watch: true, next_sync_at: at(11) }),
      this.#source("wiki", "git", { documents: 318, next_sync_at: at(5), description: "The team's wiki" }),
      this.#source("records", "sql", { documents: 1204, every: "1d", window: "22:00-06:00", next_sync_at: at(700) }),
      this.#source("crawl", "website", { documents: 40, every: null }),
      this.#source("inbox", "push", { documents: 12, every: null }),
    ].map((source) => [source.name, source]),
  );

  detail(name: string | undefined): SourceDetail {
    const source = found(this.sources, name);
    const last_sync = this.history.get(source.name)?.[0] ?? null;
    const errors = source.failed
      ? [
          { path: "scans/1998-minutes.pdf", reason: "It has pages but no text: it may be a scan." },
          { path: "old/budget.xls", reason: "The file has 190,212,004 bytes; the limit is 134,217,728 (worker.document_bytes)." },
        ]
      : [];
    return { ...source, last_sync, errors };
  }

  #source(name: string, type: string, more: Partial<Source>): Source {
    const usual = { description: "", collection: "handbook", paused: false, every: "15m", watch: false, window: null };
    return { name, type, ...usual, documents: 0, failed: 0, last_sync: null, next_sync_at: null, ...more };
  }

  add({ name, collection, origin, every }: ResourceFields): void {
    const { type } = origin as { type: string };
    const more = { collection: String(collection), every: typeof every === "string" ? every : null };
    this.sources.set(name, this.#source(name, type, more));
  }
}

export const sourceRoutes: Route[] = [
  route("GET", "/api/sources", ({ response, state }) => {
    const data = Array.from(state.sources.sources.keys(), (name) => state.sources.detail(name));
    json(response, { data, next_cursor: null });
  }),
  route("GET", "/api/sources/:name", ({ response, at: { name }, state }) => json(response, state.sources.detail(name))),
  route("GET", "/api/sources/:name/syncs", ({ response, at: { name }, state }) =>
    json(response, { data: state.sources.history.get(name ?? "") ?? [], next_cursor: null }),
  ),
  route("POST", "/api/sources/:name/syncs", async ({ request, response, at: { name = "" }, state }) => {
    const { confirm_removals: confirmed } = await jsonOf<{ confirm_removals: boolean }>(request);
    const begun = sync(name, 0, { cause: "asked", ...(confirmed ? { removed: 812 } : {}) });
    state.sources.history.set(name, [begun, ...(state.sources.history.get(name) ?? [])]);
    json(response, begun, 202);
  }),
  route("GET", "/api/jobs/:id", ({ response, at: { id = "" }, state }) => {
    const known = state.jobs.get(id);
    if (known) {
      json(response, known);
      return;
    }
    const message = "Fetched 40 of 300 documents: 2.0 a second, about 130 s left.";
    const times = { created_at: at(-1), started_at: at(-1), ended_at: null };
    const counts = { total: 300, done: 40, failed: 0, pages: 0, chunks: 0, tokens: 0, cost_nano_usd: 0 };
    const pace = { pages_per_second: 0, documents_per_second: 2, seconds_left: 130 };
    json(response, {
      id,
      kind: "sync",
      collection: "handbook",
      state: "running",
      ...counts,
      ...pace,
      message,
      ...times,
      errors: [],
    });
  }),
  route("POST", "/api/source-tests", async ({ request, response }) => {
    const { name, source } = await jsonOf<{ name?: string; source?: { name?: string; origin: { path?: string } } }>(request);
    if (source && !source.name) throw new Refusal(400, "Source '': its name is empty.", null, "source.name");
    const reached = name !== "wiki" && source?.origin.path !== "/etc";
    const why = name ? AWAY : "'/etc' is not to be indexed: sources may read below '/srv'.";
    json(response, { reached, message: reached ? "The folder '/srv/handbook' holds 500 or more files." : why });
  }),
];
