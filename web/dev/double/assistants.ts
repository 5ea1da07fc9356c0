/** How the double checks and answers assistants that are tried. A prompt with `verse` changes the answer; one with `lie` is doubted. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ResourceFields } from "../../src/api/types";
import { Refusal, eventsTo, jsonOf, pause } from "./http.ts";
import { pages } from "./handbook.ts";
import { factOf } from "./requests.ts";
import { type State, newId } from "./state.ts";

type Assistant = ResourceFields & { prompt?: string; passages?: number | string; collections?: string[] };

interface Trial {
  assistant: Assistant;
  earlier?: { name: string; version: number };
  messages: { role: string; content: string }[];
}

/** As `control/reading.py` and `control/references.py` refuse. */
export function checkAssistant(assistant: Assistant, place: string, collections: string[]): void {
  const told = `Assistant '${assistant.name}'`;
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(assistant.name)) {
    throw new Refusal(400, `${told}: Expected a name, in the field 'name'.`, "invalid_request", `${place}name`);
  }
  if (assistant.passages !== undefined && !(Number(assistant.passages) >= 1 && Number(assistant.passages) <= 50)) {
    throw new Refusal(400, `${told}: Expected \`int\` <= 50, in the field 'passages'.`, "invalid_request", `${place}passages`);
  }
  const unknown = assistant.collections?.find((each) => !collections.includes(each));
  if (unknown)
    throw new Refusal(400, `${told}, field 'collections': there is no '${unknown}'.`, "invalid_request", "collections");
}

export async function tryAssistant(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const trial = await jsonOf<Trial>(request);
  const { earlier } = trial;
  const assistant = earlier
    ? (state.versions.get({ kind: "Assistant", name: earlier.name }, earlier.version).resource as Assistant)
    : trial.assistant;
  const collections = Array.from(state.resources.values()).filter((each) => each.kind === "Collection");
  checkAssistant(
    assistant,
    "assistant.",
    collections.map(({ name }) => name),
  );
  const send = eventsTo(response);
  const [id, started] = [newId("request"), performance.now()];
  const after = () => performance.now() - started;
  send("sent", { method: "POST", path: "/v1/assistants/try", headers: { "content-type": "application/json" } });
  const headers = { "content-type": "text/event-stream", "x-stoa-model": "stoa-reader", "x-request-id": id };
  send("head", { status: 200, headers, request_id: id, after_ms: after() });
  const prompt = assistant.prompt ?? "";
  const sentences = prompt.includes("verse")
    ? ["By rail, second class is what employees take [1]."]
    : ["Employees travel second class by rail [1]."];
  if (prompt.includes("lie")) sentences.push("First class is free for 99 managers [1].");
  const text = sentences.join(" ");
  const event = (data: unknown) => send("body", { text: `data: ${JSON.stringify(data)}\n\n` });
  for (const word of text.split(/(?<=\s)/)) {
    await pause(15);
    if (response.destroyed) return;
    event({ choices: [{ delta: { content: word } }] });
  }
  event({ choices: [{ delta: {}, finish_reason: "stop" }] });
  const [page] = pages;
  const citations = page ? [{ n: 1, title: page.document.title, page: page.page }] : [];
  const verification = sentences.map((sentence) => {
    const start = text.indexOf(sentence);
    const isLie = sentence.includes("99");
    const state = isLie ? "unsupported" : "supported";
    return { start, end: start + sentence.length, state, numbers: [1], missing: isLie ? ["99"] : [] };
  });
  event({ choices: [], stoa: { citations, passages_considered: 8, cost_nano_usd: 0, verification } });
  send("finished", { first_token_ms: 60, total_ms: after(), error: null });
  const account = { form: "chat", requested: `assistant/${assistant.name}`, model: "stoa-reader", provider: "builtin" };
  const took = { prompt_tokens: 812, completion_tokens: 22, cost_nano_usd: 0, latency_ms: 240, first_token_ms: 60 };
  const fact = factOf(id, { ...account, ...took, streamed: true });
  state.requests.set(id, fact);
  send("accounted", { request: fact, billed: true });
  response.end();
}
