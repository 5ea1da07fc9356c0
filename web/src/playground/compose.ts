/** From what the composer holds to the request's bytes; the model comes in last, for each column its own. */
import type { Attachment, Draft, DraftMessage, Form } from "./draft";
import { type Json, type JsonObject, isObject, parseJson, sentenceOf } from "./json";
import { toolsIn } from "./tools";

/** Where something is wrong, and what. */
export interface Problem {
  field: "messages" | "temperature" | "maxTokens" | "schema" | "tools" | "raw";
  message: string;
}

export type Composed = { ok: true; body: string } | { ok: false; problems: Problem[] };

const DEFAULT_MAX_TOKENS = 1024; // the messages form asks for a number

/** The request without its model, as JSON text. */
export function compose(draft: Draft): Composed {
  if (draft.raw !== null) return composeRaw(draft.raw);
  const problems: Problem[] = [];
  const read = <T>(field: Problem["field"], reading: () => T): T | undefined => {
    try {
      return reading();
    } catch (error) {
      problems.push({ field, message: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  };
  const temperature = read("temperature", () => numberIn(draft.temperature, "a number such as 0.7", (n) => n >= 0));
  const maxTokens = read("maxTokens", () =>
    numberIn(draft.maxTokens, "a whole number from 1", (n) => n >= 1 && Number.isInteger(n)),
  );
  const schema = read("schema", () => jsonIn(draft.schema, isObject, 'a schema is a JSON object, such as {"type": "object"}.'));
  const tools = read("tools", () => jsonIn(draft.tools, isTools, "tools are a JSON list of objects."));
  const messages = read("messages", () => messagesIn(draft.form, draft.messages));
  if (problems.length > 0 || !messages) return { ok: false, problems };
  const parts = { system: draft.system.trim(), messages, temperature, maxTokens, stream: draft.stream, schema, tools };
  return { ok: true, body: JSON.stringify(WRITERS[draft.form](parts), null, 2) };
}

/** The body as it is sent. The text stays as it was written: no number is read and written again. */
export function withModel(body: string, model: string): string {
  const field = `"model": ${JSON.stringify(model)}`;
  return body.replace(/^\s*\{(\s*)(\}?)/, (_, space: string, end: string) =>
    end ? `{ ${field} }` : `{${space}${field},${space || " "}`,
  );
}

function composeRaw(raw: string): Composed {
  const wrong = (message: string): Composed => ({ ok: false, problems: [{ field: "raw", message }] });
  const parsed = parseJson(raw);
  if (!parsed.ok) return wrong(sentenceOf(parsed.fault));
  if (!isObject(parsed.value)) return wrong("A request is a JSON object: { … }.");
  if ("model" in parsed.value) return wrong("Leave “model” out: each column puts in its own.");
  return { ok: true, body: raw };
}

interface Parts {
  system: string;
  messages: JsonObject[];
  temperature: number | undefined;
  maxTokens: number | undefined;
  stream: boolean;
  schema: JsonObject | undefined;
  tools: JsonObject[] | undefined;
}

const WRITERS: Record<Form, (parts: Parts) => JsonObject> = {
  chat: ({ system, messages, temperature, maxTokens, stream, schema, tools }) =>
    without({
      messages: system ? [{ role: "system", content: system }, ...messages] : messages,
      temperature,
      max_completion_tokens: maxTokens,
      response_format: schema && { type: "json_schema", json_schema: { name: "answer", schema, strict: true } },
      tools: tools && toolsIn("chat", tools),
      stream: stream || undefined,
      stream_options: stream ? { include_usage: true } : undefined,
    }),
  messages: ({ system, messages, temperature, maxTokens, stream, schema, tools }) =>
    without({
      max_tokens: maxTokens ?? DEFAULT_MAX_TOKENS,
      system: system || undefined,
      messages,
      temperature,
      output_config: schema && { format: { type: "json_schema", schema } },
      tools: tools && toolsIn("messages", tools),
      stream: stream || undefined,
    }),
  responses: ({ system, messages, temperature, maxTokens, stream, schema, tools }) =>
    without({
      instructions: system || undefined,
      input: messages,
      temperature,
      max_output_tokens: maxTokens,
      text: schema && { format: { type: "json_schema", name: "answer", schema, strict: true } },
      tools: tools && toolsIn("responses", tools),
      stream: stream || undefined,
    }),
};

function without(fields: Record<string, Json | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter((each): each is [string, Json] => each[1] !== undefined));
}

function messagesIn(form: Form, messages: DraftMessage[]): JsonObject[] {
  const said = messages.filter(({ text, attachments }) => text.trim() || attachments.length > 0);
  if (said.length === 0) throw new Error("Write a message first.");
  return said.map(({ role, text, attachments }) => {
    if (attachments.length === 0) return { role, content: text };
    const parts = attachments.map((attachment) => attached(form, attachment));
    const words = text.trim() ? [{ type: form === "responses" ? "input_text" : "text", text }] : [];
    return { role, content: [...parts, ...words] };
  });
}

function attached(form: Form, { kind, type, data }: Attachment): JsonObject {
  const address = `data:${type};base64,${data}`;
  if (kind === "audio") {
    if (form !== "chat") throw new Error("Audio goes with the chat form alone. Choose Chat, or take the audio away.");
    return { type: "input_audio", input_audio: { data, format: type.includes("wav") ? "wav" : "mp3" } };
  }
  if (form === "messages") return { type: "image", source: { type: "base64", media_type: type, data } };
  return form === "chat" ? { type: "image_url", image_url: { url: address } } : { type: "input_image", image_url: address };
}

function numberIn(text: string, wanted: string, isRight: (n: number) => boolean): number | undefined {
  if (!text.trim()) return undefined;
  const n = Number(text);
  if (!Number.isFinite(n) || !isRight(n)) throw new Error(`This must be ${wanted}, but it is “${text.trim()}”.`);
  return n;
}

function jsonIn<T extends Json>(text: string, isRight: (value: Json) => value is T, wanted: string): T | undefined {
  if (!text.trim()) return undefined;
  const parsed = parseJson(text);
  if (!parsed.ok) throw new Error(sentenceOf(parsed.fault));
  if (!isRight(parsed.value)) throw new Error(`This is JSON, but ${wanted}`);
  return parsed.value;
}

const isTools = (value: Json): value is JsonObject[] => Array.isArray(value) && value.every(isObject);
