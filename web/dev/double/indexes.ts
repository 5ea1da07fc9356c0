/** The versions of the handbook's index: one that is searched, one that is ready, one that was let go; and moves between them. */
import type { Comparison, Index, Job } from "../../src/api/types";
import { Refusal, json, jsonOf, pause } from "./http.ts";
import { newJob } from "./ingest.ts";
import { type Route, route } from "./route.ts";
import { type State, now } from "./state.ts";

const ANEW = {
  embedding_model: "embed-large",
  chunk_tokens: 256,
  documents: 1204,
  chunks: 9120,
  tokens: 1_824_000,
  cost_nano_usd: 237_000_000,
};

const REPORT: Comparison = {
  at: "2026-11-20T09:30:00Z",
  over: 2,
  questions: 48,
  overlap: 0.81,
  evaluation_set: "default",
  judged: 48,
  before: { recall: 0.902, mrr: 0.741 },
  after: { recall: 0.934, mrr: 0.738 },
};

function version(number: number, state: Index["state"], more: Partial<Index> = {}): Index {
  const times = { created_at: `2026-11-0${number}T08:00:00Z`, changed_at: `2026-11-1${number}T08:00:00Z` };
  const made = { embedding_model: number < 3 ? "stoa-embed" : "embed-large", chunk_tokens: 256 };
  return { version: number, state, ...made, lacking: 0, job_id: null, report: null, ...times, ...more };
}

export const newIndexes = (): Index[] => [
  version(3, "building", { report: REPORT }),
  version(2, "serving"),
  version(1, "dropped"),
];

const MS_A_STEP = 400;
/** Long enough to be seen under way on a busy machine too. */
const MS_LAST_STEP = 2000;

/** Read a quarter of the documents at a time. */
async function build(index: Index, job: Job): Promise<void> {
  Object.assign(job, { state: "running", started_at: now(), message: "Partition 1 of 3." });
  for (let step = 1; step <= 4; step++) {
    await pause(step < 4 ? MS_A_STEP : MS_LAST_STEP);
    if (job.ended_at) return;
    const done = (job.total / 4) * step;
    const pace = { documents_per_second: 12, pages_per_second: 31.5, seconds_left: (job.total - done) / 12 };
    Object.assign(job, { done, pages: done * 3, tokens: done * 1500, cost_nano_usd: done * 190_000, ...pace });
    index.lacking = job.total - done;
  }
  Object.assign(job, { state: "succeeded", ended_at: now(), seconds_left: null });
  Object.assign(job, { message: `Version ${index.version} is ready; switch to it with: stoa collection switch handbook` });
}

function begin(state: State): { index: Index; job: Job } {
  for (const each of state.indexes) if (each.state === "building") each.state = "dropped";
  const job = newJob(state, "reindex", "handbook", ANEW.documents);
  const index = version((state.indexes[0]?.version ?? 0) + 1, "building", { lacking: ANEW.documents, job_id: job.id });
  Object.assign(index, { created_at: now(), changed_at: now() });
  state.indexes.unshift(index);
  void build(index, job);
  return { index, job };
}

function move(state: State, to: Index | undefined): { index: Index; catching_up: null } {
  if (!to) throw new Refusal(409, "No earlier index of 'handbook' is kept, so there is nothing to go back to.", null, "name");
  for (const each of state.indexes) {
    if (each.state === "kept" && each !== to) each.state = "dropped";
    if (each.state === "serving") each.state = "kept";
  }
  Object.assign(to, { state: "serving", lacking: 0, changed_at: now() });
  return { index: to, catching_up: null };
}

const named = (state: State, number: string | undefined): Index => {
  const one = state.indexes.find((each) => String(each.version) === number);
  if (!one) throw new Refusal(404, `There is no version ${number ?? ""} of this index.`);
  return one;
};

export const indexRoutes: Route[] = [
  route("GET", "/api/collections/:name/indexes", ({ response, at, state }) =>
    json(response, { data: at.name === "handbook" ? state.indexes : [], anew: ANEW }),
  ),
  route("POST", "/api/collections/:name/indexes", ({ response, state }) => json(response, begin(state), 202)),
  route("POST", "/api/collections/:name/indexes/rollback", ({ response, state }) =>
    json(
      response,
      move(
        state,
        state.indexes.find((each) => each.state === "kept"),
      ),
    ),
  ),
  route("POST", "/api/collections/:name/indexes/:version/compare", async ({ response, at, state }) => {
    await pause(300);
    const index = named(state, at.version);
    index.report = { ...REPORT, at: now(), evaluation_set: null, judged: 0, before: null, after: null, questions: 200 };
    json(response, index.report);
  }),
  route("POST", "/api/collections/:name/indexes/:version/switch", async ({ request, response, at, state }) => {
    const { unless_worse: unlessWorse } = await jsonOf<{ unless_worse: boolean }>(request);
    if (unlessWorse) {
      const what = "MRR on 'default' would be 0.738 instead of 0.741";
      throw new Refusal(409, `Version ${at.version ?? ""} is not switched to: ${what}.`, null, "unless_worse");
    }
    json(response, move(state, named(state, at.version)));
  }),
];
