import { describe, expect, it } from "vitest";
import { AnswerReader, NOTHING } from "./answer";
import type { Form } from "./draft";

const event = (data: unknown, name = "") => `${name && `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;

function streamed(form: Form, ...events: string[]) {
  const reader = new AnswerReader(form, true);
  const text = events.join("");
  for (let at = 0; at < text.length; at += 7) reader.push(text.slice(at, at + 7));
  return reader.end();
}

function whole(form: Form, body: unknown) {
  const reader = new AnswerReader(form, false);
  reader.push(JSON.stringify(body).slice(0, 5));
  reader.push(JSON.stringify(body).slice(5));
  return reader.end();
}

const chunk = (delta: unknown, finish: string | null = null) => event({ choices: [{ delta, finish_reason: finish }] });
const citation = { n: 1, title: "Travel", page: 3, passage: "…" };
const checked = { start: 0, end: 8, state: "unsupported", numbers: [1], missing: ["180"] };

describe("AnswerReader", () => {
  it("reads a stream of chat completions", () => {
    const call = (fields: unknown) => chunk({ tool_calls: [{ index: 1, function: fields }] });
    expect(
      streamed(
        "chat",
        chunk({ role: "assistant", content: "" }),
        chunk({ reasoning_content: "Hm." }),
        chunk({ content: "Up to " }),
        chunk({ content: "180 €" }),
        chunk({ tool_calls: [{ index: 0, function: { name: "now", arguments: "" } }] }),
        call({ name: "add", arguments: '{"a"' }),
        call({ arguments: ": 1}" }),
        chunk({}, "tool_calls"),
        event({ choices: [], usage: {} }),
        event({ choices: [], stoa: { citations: [citation], verification: [checked] } }),
        "data: [DONE]\n\n",
      ),
    ).toEqual({
      text: "Up to 180 €",
      reasoning: "Hm.",
      toolCalls: [
        { name: "now", arguments: "" },
        { name: "add", arguments: '{"a": 1}' },
      ],
      finish: "tool_calls",
      citations: [{ n: 1, title: "Travel", page: 3 }],
      verification: [checked],
      error: null,
    });
  });

  it("reads a stream of messages", () => {
    expect(
      streamed(
        "messages",
        event({ type: "message_start", message: { content: [] } }, "message_start"),
        event({ type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } }),
        event({ type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm." } }),
        event({ type: "content_block_start", index: 1, content_block: { type: "text", text: "" } }),
        event({ type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hello" } }),
        event({ type: "content_block_start", index: 2, content_block: { type: "tool_use", name: "add", input: {} } }),
        event({ type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '{"a"' } }),
        event({ type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: ": 1}" } }),
        event({ type: "message_delta", delta: { stop_reason: "tool_use" } }),
      ),
    ).toEqual({
      ...NOTHING,
      text: "Hello",
      reasoning: "Hm.",
      toolCalls: [{ name: "add", arguments: '{"a": 1}' }],
      finish: "tool_use",
    });
  });

  it("reads a stream of responses", () => {
    expect(
      streamed(
        "responses",
        event({ type: "response.reasoning_summary_text.delta", delta: "Hm." }),
        event({ type: "response.output_text.delta", delta: "Hel" }),
        event({ type: "response.output_text.delta", delta: "lo" }),
        event({ type: "response.output_item.added", item: { type: "function_call", name: "add", arguments: "" } }),
        event({ type: "response.function_call_arguments.delta", delta: '{"a": 1}' }),
        event({ type: "response.completed", response: { status: "completed", error: null } }),
      ),
    ).toEqual({
      ...NOTHING,
      text: "Hello",
      reasoning: "Hm.",
      toolCalls: [{ name: "add", arguments: '{"a": 1}' }],
      finish: "completed",
    });
  });

  it.each([
    [
      "chat",
      {
        choices: [
          {
            message: { content: "Hi", reasoning: "Hm.", tool_calls: [{ function: { name: "add", arguments: "{}" } }] },
            finish_reason: "stop",
          },
        ],
        stoa: { citations: [citation] },
      },
      "stop",
      [{ n: 1, title: "Travel", page: 3 }],
    ],
    [
      "messages",
      {
        content: [
          { type: "thinking", thinking: "Hm." },
          { type: "text", text: "Hi" },
          { type: "tool_use", name: "add", input: {} },
        ],
        stop_reason: "end_turn",
      },
      "end_turn",
      [],
    ],
    [
      "responses",
      {
        status: "completed",
        output: [
          { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }] },
          { type: "message", content: [{ type: "output_text", text: "Hi" }] },
          { type: "function_call", name: "add", arguments: "{}" },
        ],
      },
      "completed",
      [],
    ],
  ] as const)("reads a whole answer in the %s form", (form, body, finish, citations) => {
    expect(whole(form, body)).toEqual({
      text: "Hi",
      reasoning: "Hm.",
      toolCalls: [{ name: "add", arguments: "{}" }],
      finish,
      citations,
      verification: null,
      error: null,
    });
  });

  it.each([
    ["chat", { error: { message: "Too many requests.", code: "rate_limit_exceeded" } }],
    ["messages", { type: "error", error: { type: "rate_limit_error", message: "Too many requests." } }],
    ["responses", { error: { message: "Too many requests." } }],
  ] as const)("reads a refusal in the %s form", (form, body) => {
    expect(whole(form, body).error).toBe("Too many requests.");
  });

  it.each([
    ["chat", chunk({ content: "Up" }), event({ error: { message: "It died." } })],
    [
      "messages",
      event({ type: "content_block_delta", delta: { type: "text_delta", text: "Up" } }),
      event({ type: "error", error: { type: "api_error", message: "It died." } }, "error"),
    ],
    [
      "responses",
      event({ type: "response.output_text.delta", delta: "Up" }),
      event({ type: "error", code: "server_error", message: "It died." }, "error"),
    ],
    [
      "responses",
      event({ type: "response.output_text.delta", delta: "Up" }),
      event({ type: "response.failed", response: { status: "failed", error: { message: "It died." } } }),
    ],
  ] as const)("keeps what came before an error in a stream of the %s form", (form, text, error) => {
    expect(streamed(form, text, error)).toMatchObject({ text: "Up", error: "It died." });
  });

  it("makes nothing of what is no answer", () => {
    expect(whole("chat", "<html>")).toEqual(NOTHING);
    expect(streamed("chat", "data: {nonsense\n\n", "data: [1]\n\n")).toEqual(NOTHING);
    expect(whole("responses", { output: 7 }).text).toBe("");
  });
});
