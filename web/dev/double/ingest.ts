/** How the double takes in files: names with `broken` fail, the others are indexed one by one. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Job, Upload } from "../../src/api/types";
import { bytesOf, eventsTo, pause } from "./http.ts";
import { type State, newId, now } from "./state.ts";

export async function upload(state: State, request: IncomingMessage, collection: string): Promise<Upload> {
  const body = (await bytesOf(request)).toString("latin1");
  const names = Array.from(body.matchAll(/filename="([^"]+)"/g), (match) => match[1] ?? "");
  const groups = /name="groups"\r\n\r\n([^\r]*)/.exec(body)?.[1] ?? "";
  const acl = groups ? groups.split(",").map((group) => `group:${group.trim()}`) : ["team:company"];
  const documents = names.map((path) => ({
    id: newId("doc"),
    collection,
    source: "upload",
    path,
    title: path,
    bytes: Math.round(body.length / names.length),
    pages: null,
    chunks: null,
    acl,
    deny: [],
    state: "queued" as const,
    error: null,
    updated_at: now(),
    traits: null,
  }));
  for (const document of documents) state.documents.set(document.id, document);
  const job = newJob(state, "ingest", collection, documents.length);
  void work(
    state,
    job,
    documents.map((document) => document.id),
  );
  return { job, documents };
}

export function newJob(state: State, kind: string, collection: string, total: number): Job {
  const job: Job = {
    id: newId("job"),
    kind,
    collection,
    state: "queued",
    total,
    done: 0,
    failed: 0,
    pages: 0,
    chunks: 0,
    pages_per_second: null,
    documents_per_second: null,
    seconds_left: null,
    tokens: 0,
    cost_nano_usd: 0,
    message: null,
    created_at: now(),
    started_at: null,
    ended_at: null,
    errors: [],
  };
  state.jobs.set(job.id, job);
  return job;
}

async function work(state: State, job: Job, ids: string[]): Promise<void> {
  await pause(1000); // it is seen under way on a busy machine too
  if (job.ended_at) return;
  Object.assign(job, { state: "running", started_at: now() });
  for (const id of ids) {
    await pause(500);
    if (job.ended_at) return;
    const document = state.documents.get(id);
    if (!document) continue;
    if (document.path.includes("broken")) {
      Object.assign(document, { state: "failed", error: "The file is damaged: it ends in the middle of a page." });
      job.failed += 1;
      job.errors.push({ path: document.path, reason: document.error ?? "" });
    } else {
      Object.assign(document, { state: "indexed", pages: 4, chunks: 11 });
      job.done += 1;
      job.pages += 4;
      job.chunks += 11;
      Object.assign(job, { pages_per_second: 37.5, documents_per_second: 9.4, seconds_left: 4 });
    }
  }
  Object.assign(job, { state: "succeeded", ended_at: now() });
}

export async function follow(response: ServerResponse, job: Job): Promise<void> {
  const send = eventsTo(response);
  while (!response.destroyed) {
    send("progress", job);
    if (job.ended_at) break;
    await pause(150);
  }
  response.end();
}
