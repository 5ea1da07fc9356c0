/** The routes of the API that the page calls. */
import { randomUUID } from "node:crypto";
import type { Conversation, ResourceFields } from "../../src/api/types";
import { collectionRoutes } from "./collections.ts";
import { datasetRoutes } from "./dataset-routes.ts";
import { graphRoutes } from "./graph.ts";
import { Refusal, json, jsonOf } from "./http.ts";
import { indexRoutes } from "./indexes.ts";
import { type Route, route } from "./route.ts";
import { placeOf, targets } from "./platform.ts";
import { tryOut } from "./guardrails.ts";
import { replayed } from "./replay.ts";
import { contentOf, listed, traced } from "./requests.ts";
import { apply, explain } from "./routing.ts";
import { sourceRoutes } from "./sources.ts";
import { State, found, newId, now, session, sessions } from "./state.ts";
import { budgets, totalOf, usageBy } from "./spending.ts";
import { tryAssistant } from "./assistants.ts";
import { play } from "./playground.ts";
import { again, ask, stream } from "./talk.ts";
import { versionRoutes } from "./version-routes.ts";

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
    const wanted = (query.get("search") ?? "").toLowerCase();
    const found = Array.from(state.conversations.values())
      .filter(({ conversation, messages }) =>
        [conversation.title, ...messages.map((message) => message.content)].some((text) => text.toLowerCase().includes(wanted)),
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

  ...collectionRoutes,
  ...datasetRoutes,
  ...graphRoutes,
  ...sourceRoutes,
  ...indexRoutes,
  route("GET", "/api/targets", ({ response }) => json(response, targets())),
  route("GET", "/api/resources", ({ response, query, state }) => {
    const data = Array.from(state.resources.values()).filter((each) => each.kind === query.get("kind"));
    json(response, { data: data.sort((a, b) => a.name.localeCompare(b.name)), next_cursor: null });
  }),
  route("POST", "/api/resources/apply", async ({ request, response, state }) => {
    const { changes } = apply(state.resources, await jsonOf(request));
    for (const { kind, after } of changes) if (kind === "Source") state.sources.add(after as ResourceFields);
    for (const { change, after } of changes) {
      if (change !== "unchanged" && state.resources.get(placeOf(after as ResourceFields)) === after) {
        state.versions.add(after as ResourceFields, change);
      }
    }
    json(response, { changes });
  }),
  route("DELETE", "/api/resources/:kind/:name", ({ response, at, state }) => {
    const named = { kind: at.kind ?? "", name: at.name ?? "" };
    state.resources.delete(placeOf(named));
    state.versions.remove(named);
    response.writeHead(204).end();
  }),
  ...versionRoutes,
  route("POST", "/api/guardrails/try", async ({ request, response }) => json(response, tryOut(await jsonOf(request)))),
  route("POST", "/api/replay", async ({ request, response }) => json(response, replayed(await jsonOf(request)))),
  route("POST", "/api/routes/explain", async ({ request, response }) => json(response, explain(await jsonOf(request)))),
  route("POST", "/api/assistants/try", ({ request, response, state }) => tryAssistant(state, request, response)),
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
