/** The routes of the API that the page calls. */
import { randomUUID } from "node:crypto";
import type { Conversation } from "../../src/api/types";
import { pages } from "./handbook.ts";
import { type Call, Refusal, json, jsonOf } from "./http.ts";
import { follow, newJob, upload } from "./ingest.ts";
import { placeOf, targets } from "./platform.ts";
import { tryOut } from "./guardrails.ts";
import { replayed } from "./replay.ts";
import { contentOf, listed, traced } from "./requests.ts";
import { apply, explain } from "./routing.ts";
import { State, found, newId, now, session, sessions } from "./state.ts";
import { budgets, totalOf, usageBy } from "./spending.ts";
import { play } from "./playground.ts";
import { again, ask, stream } from "./talk.ts";

type Handler = (call: Call) => void | Promise<void>;
type Route = [method: string, pattern: Pattern, handle: Handler];

/** `/api/jobs/:id` and alike. */
class Pattern {
  readonly #wanted: string[];

  constructor(path: string) {
    this.#wanted = path.split("/");
  }

  groupsOf(pathname: string): Record<string, string> | null {
    const wanted = this.#wanted;
    const found = pathname.split("/").map(decodeURIComponent);
    if (wanted.length !== found.length) return null;
    const groups: Record<string, string> = {};
    for (const [i, part] of wanted.entries()) {
      if (part.startsWith(":")) groups[part.slice(1)] = found[i] ?? "";
      else if (part !== found[i]) return null;
    }
    return groups;
  }
}

const route = (method: string, path: string, handle: Handler): Route => [
  method,
  new Pattern(path),
  (call) => {
    if (!call.signedIn && path !== "/api/sessions") throw new Refusal(401, "Sign in first: run `stoa login`.");
    return handle(call);
  },
];

const EXAMPLES = [
  "Who may fly business class, and who approves it?",
  "What do I wear in a laboratory of class B2?",
  "Show the per diem rates as a table",
];

export const routes: Route[] = [
  route("POST", "/api/sessions", async ({ request, response }) => {
    const { token } = await jsonOf<{ token: string }>(request);
    if (token === "used") throw new Refusal(401, "This sign-in link was used already.", "link_used");
    if (token !== "good") throw new Refusal(401, "This sign-in link is not valid.", "link_invalid");
    const cookie = randomUUID();
    sessions.set(cookie, new State());
    response.setHeader("set-cookie", `stoa_session=${cookie}; Path=/; HttpOnly; SameSite=Strict`);
    json(response, session, 201);
  }),
  route("GET", "/api/session", ({ response }) => json(response, session)),
  route("DELETE", "/api/session", ({ response }) => {
    response.setHeader("set-cookie", "stoa_session=; Path=/; Max-Age=0");
    response.writeHead(204).end();
  }),
  route("GET", "/api/catalog", ({ response }) =>
    json(response, {
      assistants: [
        {
          model: "assistant/handbook",
          name: "handbook",
          title: "Handbook",
          description: "Answers from the company's handbook: policies, safety, people, products.",
          examples: EXAMPLES,
          collections: ["handbook"],
        },
      ],
      models: [
        { model: "stoa-reader", description: "Answers in the documents' own sentences", operation: "chat" },
        { model: "gpt-4.1-mini", description: "", operation: "chat" },
      ],
    }),
  ),

  route("GET", "/api/conversations", ({ response, query, state }) => {
    const search = (query.get("search") ?? "").toLowerCase();
    const found = Array.from(state.conversations.values())
      .filter(({ conversation, messages }) =>
        [conversation.title, ...messages.map((message) => message.content)].some((text) => text.toLowerCase().includes(search)),
      )
      .map(({ conversation }) => conversation)
      .sort((a, b) => b.updated_at.localeCompare(a.updated_at));
    json(response, { data: found, next_cursor: null });
  }),
  route("POST", "/api/conversations", async ({ request, response, state }) => {
    const { model } = await jsonOf<{ model: string }>(request);
    const conversation: Conversation = {
      id: newId("conversation"),
      title: "New conversation",
      model,
      created_at: now(),
      updated_at: now(),
    };
    state.conversations.set(conversation.id, { conversation, messages: [] });
    json(response, conversation, 201);
  }),
  route("GET", "/api/conversations/:id", ({ response, at, state }) => json(response, state.held(at.id))),
  route("PATCH", "/api/conversations/:id", async ({ request, response, at, state }) => {
    const { conversation } = state.held(at.id);
    Object.assign(conversation, await jsonOf(request));
    json(response, conversation);
  }),
  route("DELETE", "/api/conversations/:id", ({ response, at, state }) => {
    state.conversations.delete(state.held(at.id).conversation.id);
    response.writeHead(204).end();
  }),
  route("GET", "/api/conversations/:id/export", ({ response, at, query, state }) => {
    const format = query.get("format") ?? "markdown";
    response.setHeader("content-disposition", `attachment; filename="conversation.${format === "json" ? "json" : "md"}"`);
    response.end(format === "json" ? JSON.stringify(state.held(at.id)) : `# ${state.held(at.id).conversation.title}\n`);
  }),
  route("POST", "/api/conversations/:id/turns", async ({ request, response, at, state }) => {
    const { content, replaces } = await jsonOf<{ content: string; replaces?: string }>(request);
    const { question, answer } = ask(state.held(at.id), content, replaces);
    await stream(response, state.held(at.id), question, answer);
  }),
  route("POST", "/api/conversations/:id/messages/:message/regenerate", async ({ response, at, state }) => {
    await stream(response, state.held(at.id), null, again(state.held(at.id), at.message));
  }),
  route("PUT", "/api/messages/:id/feedback", async ({ request, response, at, state }) => {
    const feedback = await jsonOf(request);
    for (const { messages } of state.conversations.values()) {
      for (const message of messages) if (message.id === at.id) Object.assign(message, { feedback });
    }
    json(response, feedback);
  }),

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
        },
        { name: "research-notes", team: "research", description: "", documents: 0, chunks: 0, failed: 0, version: 0 },
      ],
      next_cursor: null,
    });
  }),
  route("GET", "/api/collections/:name/documents", ({ response, at, query, state }) => {
    const wanted = query.get("state");
    const search = (query.get("search") ?? "").toLowerCase();
    const data = Array.from(state.documents.values()).filter(
      (document) =>
        document.collection === at.name &&
        (!wanted || document.state === wanted) &&
        `${document.title} ${document.path}`.toLowerCase().includes(search),
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
  route("GET", "/api/documents/:id/passage", ({ response, at, query, state }) => {
    const page = pages.find(({ document }) => document.id === at.id);
    if (!page || !state.documents.has(page.document.id)) throw new Refusal(404, "There is no such document.");
    const [start, end] = [Number(query.get("start")), Number(query.get("end"))];
    json(response, {
      document: page.document,
      page: page.page,
      heading: page.heading,
      before: page.text.slice(0, start),
      passage: page.text.slice(start, end),
      after: page.text.slice(end),
    });
  }),
  route("GET", "/api/documents/:id/original", ({ response }) => void response.end("The original.")),
  route("GET", "/api/targets", ({ response }) => json(response, targets())),
  route("GET", "/api/resources", ({ response, query, state }) => {
    const data = Array.from(state.resources.values()).filter((each) => each.kind === query.get("kind"));
    json(response, { data: data.sort((a, b) => a.name.localeCompare(b.name)), next_cursor: null });
  }),
  route("POST", "/api/resources/apply", async ({ request, response, state }) =>
    json(response, apply(state.resources, await jsonOf(request))),
  ),
  route("DELETE", "/api/resources/:kind/:name", ({ response, at, state }) => {
    state.resources.delete(placeOf({ kind: at.kind ?? "", name: at.name ?? "" }));
    response.writeHead(204).end();
  }),
  route("POST", "/api/guardrails/try", async ({ request, response }) => json(response, tryOut(await jsonOf(request)))),
  route("POST", "/api/replay", async ({ request, response }) => json(response, replayed(await jsonOf(request)))),
  route("POST", "/api/routes/explain", async ({ request, response }) => json(response, explain(await jsonOf(request)))),
  route("POST", "/api/playground/:form", async ({ request, response, at, state }) =>
    play(state, request, response, at.form ?? ""),
  ),
  route("GET", "/api/budgets", ({ response }) => json(response, { data: budgets() })),
  route("GET", "/api/usage/requests/:id", ({ response, at, state }) => json(response, found(state.requests, at.id))),
  route("GET", "/api/traces", ({ response, query }) => json(response, listed(query))),
  route("GET", "/api/traces/:id", ({ response, at }) => json(response, traced(at.id))),
  route("GET", "/api/traces/:id/content", ({ response, at }) => json(response, contentOf(at.id))),
  route("GET", "/api/usage", ({ response, query }) => {
    const data = usageBy(query.get("group_by"));
    json(response, { data, total: totalOf(data) });
  }),
];
