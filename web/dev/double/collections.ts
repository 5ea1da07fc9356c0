/** The routes of collections, their documents and their evaluation sets. */
import type { Judgement } from "../../src/api/types";
import { chunkPage, collectionUsage, itemsOf, judge, linksOf, scoresOf, search, setsOf, versions } from "./bench.ts";
import { pages } from "./handbook.ts";
import { Refusal, json, jsonOf } from "./http.ts";
import { follow, newJob, upload } from "./ingest.ts";
import { type Route, route } from "./route.ts";
import { found, now } from "./state.ts";

const rights = {
  read: true,
  ingest: true,
  judge: true,
  see_usage: true,
  see_sources: true,
  sync_sources: true,
  see_indexes: true,
  change_indexes: true,
  see_versions: true,
  change: true,
};

export const collectionRoutes: Route[] = [
  route("GET", "/api/collections", ({ response, state }) => {
    const documents = Array.from(state.documents.values());
    const failed = documents.filter((document) => document.state === "failed").length;
    json(response, {
      data: [
        {
          name: "handbook",
          team: "company",
          description: "The company's handbook",
          documents: documents.length,
          chunks: 412,
          failed,
          version: 7,
          rights,
        },
        { name: "research-notes", team: "research", description: "", documents: 0, chunks: 0, failed: 0, version: 0, rights },
      ],
      next_cursor: null,
    });
  }),
  route("GET", "/api/collections/:name/documents", ({ response, at, query, state }) => {
    const wanted = query.get("state");
    const words = (query.get("search") ?? "").toLowerCase();
    const data = Array.from(state.documents.values()).filter(
      (document) =>
        document.collection === at.name &&
        (!wanted || document.state === wanted) &&
        `${document.title} ${document.path}`.toLowerCase().includes(words),
    );
    json(response, { data, next_cursor: null });
  }),
  route("POST", "/api/collections/:name/documents", async ({ request, response, at, state }) =>
    json(response, await upload(state, request, at.name ?? ""), 202),
  ),
  route("GET", "/api/jobs", ({ response, state }) =>
    json(response, { data: Array.from(state.jobs.values()), next_cursor: null }),
  ),
  route("GET", "/api/jobs/:id/events", ({ response, at, state }) => follow(response, found(state.jobs, at.id))),
  route("POST", "/api/jobs/:id/cancel", ({ response, at, state }) => {
    const job = found(state.jobs, at.id);
    Object.assign(job, { state: "cancelled", ended_at: now() });
    json(response, job);
  }),
  route("DELETE", "/api/documents/:id", ({ response, at, state }) => {
    const document = found(state.documents, at.id);
    state.documents.delete(document.id);
    const job = newJob(state, "remove", document.collection, 1);
    Object.assign(job, { state: "succeeded", done: 1, ended_at: now() });
    json(response, { job }, 202);
  }),
  route("POST", "/api/collections/:name/search", async ({ request, response, at, state }) => {
    const { query } = await jsonOf<{ query: string }>(request);
    json(response, { passages: search(state, at.name ?? "", query), next_cursor: null, reranked: null });
  }),
  route("GET", "/api/collections/:name/usage", ({ response, at }) => json(response, collectionUsage(at.name ?? ""))),
  route("GET", "/api/documents/:id", ({ response, at, state }) => json(response, found(state.documents, at.id))),
  route("GET", "/api/documents/:id/chunks", ({ response, at, query, state }) =>
    json(response, chunkPage(found(state.documents, at.id), query)),
  ),
  route("GET", "/api/passages/:id/links", ({ response, at }) => json(response, { links: linksOf(at.id ?? "") })),
  route("GET", "/api/documents/:id/versions", ({ response, at, state }) =>
    json(response, { data: versions(found(state.documents, at.id)) }),
  ),
  route("GET", "/api/evaluation-sets", ({ response, query, state }) => {
    const data = setsOf(state.sets).filter((set) => set.collection === query.get("collection"));
    json(response, { data, next_cursor: null });
  }),
  route("POST", "/api/evaluation-sets", async ({ request, response, state }) => {
    const { name } = await jsonOf<{ name: string }>(request);
    state.sets.set(name, []);
    json(
      response,
      setsOf(state.sets).find((set) => set.name === name),
      201,
    );
  }),
  route("DELETE", "/api/evaluation-sets/:name", ({ response, at, state }) => {
    state.sets.delete(at.name ?? "");
    response.writeHead(204).end();
  }),
  route("GET", "/api/evaluation-sets/:name/items", ({ response, at, query, state }) =>
    json(response, { data: itemsOf(state, at.name ?? "", query.get("query")), next_cursor: null }),
  ),
  route("PUT", "/api/evaluation-sets/:name/judgements", async ({ request, response, at, state }) => {
    judge(state.sets, at.name ?? "", await jsonOf<Judgement>(request));
    json(
      response,
      setsOf(state.sets).find((set) => set.name === at.name),
    );
  }),
  route("POST", "/api/evaluation-sets/:name/scores", ({ response, at, state }) => json(response, scoresOf(state, at.name ?? ""))),
  route("POST", "/api/documents/:id/citation", async ({ request, response, at, state }) => {
    const page = pages.find(({ document }) => document.id === at.id);
    if (!page || !state.documents.has(page.document.id)) throw new Refusal(404, "There is no such document.");
    const { start, end } = await jsonOf<{ start: number; end: number }>(request);
    json(response, {
      state: "stands",
      start,
      end,
      document: page.document,
      page: page.page,
      heading: page.heading,
      before: page.text.slice(0, start),
      passage: page.text.slice(start, end),
      after: page.text.slice(end),
    });
  }),
  route("GET", "/api/documents/:id/original", ({ response }) => void response.end("The original.")),
];
