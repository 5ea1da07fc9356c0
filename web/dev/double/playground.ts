/** How the double answers requests of the playground, in any form. Words in the body choose: slow, refuse, die, think, call, schema. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { UsageRequest } from "../../src/api/types";
import { bytesOf, eventsTo, pause } from "./http.ts";
import { factOf } from "./requests.ts";
import { type State, newId } from "./state.ts";

const ANSWER = `Exponential backoff waits longer after each try:

\`\`\`python
for attempt in range(5):
    try:
        return call()
    except RateLimited:
        time.sleep(2**attempt + random.random())
\`\`\`

| Try | Waits up to |
|---|---:|
| 1 | 2 s |
| 2 | 3 s |
| 3 | 5 s |

Add **jitter**, so that clients which failed together do not come back together.`;

interface Body {
  model: string;
  stream?: boolean;
}

type Write = (text: string) => void;

export async function play(state: State, request: IncomingMessage, response: ServerResponse, form: string): Promise<void> {
  const text = (await bytesOf(request)).toString();
  const { model, stream = false } = JSON.parse(text) as Body;
  const path = { chat: "/v1/chat/completions", messages: "/v1/messages" }[form] ?? "/v1/responses";
  const send = eventsTo(response);
  const id = newId("request");
  const started = performance.now();
  const after = () => performance.now() - started;
  const says = (word: string) => text.includes(word);
  const knowsPrice = model !== "stoa-reader";
  const headers = {
    "content-type": "application/json",
    ...(request.headers["cache-control"] ? { "cache-control": "no-cache" } : {}),
  };

  send("sent", { method: "POST", path, headers });
  await pause(knowsPrice ? 40 : 90);
  if (says("refuse") && knowsPrice) {
    const message = "Team 'company' has spent its budget of $50.00 for November. An administrator can raise it.";
    send("head", head(429, id, "application/json", {}, after()));
    send("body", {
      text: JSON.stringify({ error: { message, type: "rate_limit_error", param: null, code: "insufficient_quota" } }),
    });
    send("finished", { first_token_ms: null, total_ms: after(), error: null });
    send("accounted", { request: null, billed: false });
    response.end();
    return;
  }
  const billed = fact(id, model, form, stream, knowsPrice);
  state.requests.set(id, billed);
  const named = {
    "x-stoa-route": model,
    "x-stoa-model": billed.model ?? "",
    "x-stoa-cache": billed.cache,
    ...(billed.cache === "miss" ? { "x-stoa-cache-ttl": "3600" } : {}),
    "x-stoa-estimate-nano-usd": knowsPrice ? "300000" : "unknown",
    "x-stoa-estimate-tokens": "44",
    "x-ratelimit-limit-requests": "10",
    "x-ratelimit-remaining-requests": "9",
    "x-ratelimit-reset-requests": "6s",
  };
  send("head", head(200, id, stream ? "text/event-stream" : "application/json", named, after()));
  const first = stream ? after() : null;
  const write: Write = (piece) => send("body", { text: piece });
  const whole = await written(form, text, stream, write, says("slow") ? 200 : knowsPrice ? 8 : 16, response);
  if (!whole) return;
  send("finished", { first_token_ms: first, total_ms: after(), error: null });
  await pause(150);
  send("accounted", { request: billed, billed: true });
  response.end();
}

function head(status: number, id: string, type: string, more: Record<string, string>, afterMs: number) {
  return { status, headers: { "content-type": type, ...more, "x-request-id": id }, request_id: id, after_ms: afterMs };
}

/** False when the reader has gone. */
async function written(form: string, asked: string, stream: boolean, write: Write, everyMs: number, response: ServerResponse) {
  const text = asked.includes('schema"') ? '{"tries": 5, "jitter": true}' : ANSWER;
  if (!stream) {
    write(JSON.stringify(WHOLE[form]?.(text)));
    return true;
  }
  const event = (data: unknown) => write(`data: ${JSON.stringify(data)}\n\n`);
  if (asked.includes("think")) event(delta(form, "reasoning_content", "The user wants to know how often to try again."));
  for (const [i, word] of text.split(/(?<=\s)/).entries()) {
    await pause(everyMs);
    if (response.destroyed) return false;
    if (i === 9 && asked.includes("die")) {
      event({ error: { message: "The model 'gpt-4.1-mini' broke off after 9 words.", code: "upstream_error" } });
      return true;
    }
    event(delta(form, "content", word));
  }
  if (asked.includes("call")) {
    event({ choices: [{ delta: { tool_calls: [{ index: 0, function: { name: "wait", arguments: '{"seconds": 4}' } }] } }] });
  }
  event({ choices: [{ delta: {}, finish_reason: "stop" }] });
  write("data: [DONE]\n\n");
  return true;
}

function delta(form: string, field: string, text: string): unknown {
  if (form === "messages") return { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } };
  if (form === "responses") return { type: "response.output_text.delta", delta: text };
  return { choices: [{ index: 0, delta: { [field]: text } }] };
}

const WHOLE: Record<string, (text: string) => unknown> = {
  chat: (text) => ({ choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }] }),
  messages: (text) => ({ type: "message", content: [{ type: "text", text }], stop_reason: "end_turn" }),
  responses: (text) => ({ status: "completed", output: [{ type: "message", content: [{ type: "output_text", text }] }] }),
};

function fact(id: string, model: string, form: string, streamed: boolean, knowsPrice: boolean): UsageRequest {
  return factOf(id, {
    form,
    requested: model,
    model: model.replace("assistant/handbook", "stoa-reader"),
    provider: knowsPrice ? "openai" : "builtin",
    streamed,
    prompt_tokens: 41,
    completion_tokens: 118,
    cost_nano_usd: knowsPrice ? 205_200 : null,
    latency_ms: 900,
    first_token_ms: streamed ? 90 : null,
    price_version: "2026-11-20",
  });
}
