import { describe, expect, it } from "vitest";
import { compose, withModel } from "./compose";
import { type Draft, type Form, newDraft, newMessage } from "./draft";

const image = { kind: "image" as const, name: "plan.png", type: "image/png", data: "aGk=" };
const audio = { kind: "audio" as const, name: "a.wav", type: "audio/x-wav", data: "aGk=" };

function draft(form: Form, fields: Partial<Draft> = {}): Draft {
  return { ...newDraft(), form, messages: [newMessage("user", "Hello")], stream: false, ...fields };
}

function body(of: Draft): unknown {
  const composed = compose(of);
  if (!composed.ok) throw new Error(composed.problems.map((problem) => `${problem.field}: ${problem.message}`).join());
  return JSON.parse(composed.body) as unknown;
}

const problems = (of: Draft) => {
  const composed = compose(of);
  return composed.ok ? [] : composed.problems;
};

const full: Partial<Draft> = {
  system: "Be brief.",
  temperature: "0.5",
  maxTokens: "64",
  stream: true,
  schema: '{"type": "object"}',
  tools: '[{"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}]',
};

describe("compose", () => {
  it("writes the chat form", () => {
    expect(body(draft("chat", full))).toEqual({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hello" },
      ],
      temperature: 0.5,
      max_completion_tokens: 64,
      response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" }, strict: true } },
      tools: [{ type: "function", function: { name: "now", parameters: { type: "object" } } }],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it("writes the messages form", () => {
    expect(body(draft("messages", full))).toEqual({
      max_tokens: 64,
      system: "Be brief.",
      messages: [{ role: "user", content: "Hello" }],
      temperature: 0.5,
      output_config: { format: { type: "json_schema", schema: { type: "object" } } },
      tools: [{ name: "now", input_schema: { type: "object" } }],
      stream: true,
    });
  });

  it("writes the responses form", () => {
    expect(body(draft("responses", full))).toEqual({
      instructions: "Be brief.",
      input: [{ role: "user", content: "Hello" }],
      temperature: 0.5,
      max_output_tokens: 64,
      text: { format: { type: "json_schema", name: "answer", schema: { type: "object" }, strict: true } },
      tools: [{ type: "function", name: "now", parameters: { type: "object" } }],
      stream: true,
    });
  });

  it("sends no field that is empty, and the number of tokens that the messages form asks for", () => {
    expect(body(draft("chat"))).toEqual({ messages: [{ role: "user", content: "Hello" }] });
    expect(body(draft("messages"))).toEqual({ max_tokens: 1024, messages: [{ role: "user", content: "Hello" }] });
  });

  it.each([
    ["chat", { type: "image_url", image_url: { url: "data:image/png;base64,aGk=" } }, "text"],
    ["messages", { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } }, "text"],
    ["responses", { type: "input_image", image_url: "data:image/png;base64,aGk=" }, "input_text"],
  ] as const)("attaches an image in the %s form", (form, part, text) => {
    const messages = [{ ...newMessage("user", "What is it?"), attachments: [image] }];
    const written = body(draft(form, { messages })) as Record<string, { content: unknown }[]>;
    expect((written.messages ?? written.input)?.[0]?.content).toEqual([part, { type: text, text: "What is it?" }]);
  });

  it("attaches audio in the chat form alone", () => {
    const messages = [{ ...newMessage(), attachments: [audio] }];
    expect(body(draft("chat", { messages }))).toEqual({
      messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "aGk=", format: "wav" } }] }],
    });
    expect(problems(draft("messages", { messages }))[0]?.message).toContain("Audio goes with the chat form alone");
  });

  it("takes tools in any shape and leaves a provider's own alone", () => {
    const tools = '[{"name": "now", "description": "d", "input_schema": {"type": "object"}}, {"type": "web_search"}]';
    expect(body(draft("responses", { tools }))).toMatchObject({
      tools: [{ type: "function", name: "now", description: "d", parameters: { type: "object" } }, { type: "web_search" }],
    });
  });

  it("names every field that is wrong", () => {
    const wrong = draft("chat", {
      messages: [newMessage()],
      temperature: "warm",
      maxTokens: "1.5",
      schema: "[]",
      tools: '[{"a": }]',
    });
    expect(problems(wrong)).toEqual([
      { field: "temperature", message: "This must be a number such as 0.7, but it is “warm”." },
      { field: "maxTokens", message: "This must be a whole number from 1, but it is “1.5”." },
      { field: "schema", message: 'This is JSON, but a schema is a JSON object, such as {"type": "object"}.' },
      { field: "tools", message: "Line 1, column 8: a value is missing before “}”." },
      { field: "messages", message: "Write a message first." },
    ]);
  });

  it("leaves JSON as it was written", () => {
    const raw = '{ "seed": 12345678901234567890, "temperature": 1.0 }';
    expect(compose(draft("chat", { raw }))).toEqual({ ok: true, body: raw });
  });

  it.each([
    ["{", "Line 1, column 2: the text ends where a key should be."],
    ["[]", "A request is a JSON object: { … }."],
    ['{"model": "a"}', "Leave “model” out: each column puts in its own."],
  ])("refuses %j as a request", (raw, message) => {
    expect(problems(draft("chat", { raw }))).toEqual([{ field: "raw", message }]);
  });
});

describe("withModel", () => {
  it.each([
    ['{"a": 1.0}', '{"model": "x", "a": 1.0}'],
    ['{\n  "a": 1.0\n}', '{\n  "model": "x",\n  "a": 1.0\n}'],
    ["  {}", '{ "model": "x" }'],
    ["{\n}", '{ "model": "x" }'],
  ])("puts it first into %j and changes nothing else", (text, expected) => {
    expect(withModel(text, "x")).toBe(expected);
  });

  it("writes a name of any letters", () => {
    expect(JSON.parse(withModel('{"a": "$&"}', 'o"ne$1'))).toEqual({ model: 'o"ne$1', a: "$&" });
  });
});
