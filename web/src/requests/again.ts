/** A request that was made, as the playground's composer holds one. */
import type { TraceContent } from "../api/types";
import { type Draft, FORMS, newDraft, newMessage } from "../playground/draft";

/** In words where the composer has a field for all of it, else as the JSON that it was; a new one where nothing is kept. */
export function draftOf(content: TraceContent | null): Draft {
  const fresh = newDraft();
  const form = FORMS.find(({ id }) => id === content?.form)?.id;
  const request: unknown = content?.request;
  if (!form || typeof request !== "object" || request === null) return fresh;
  const fields = Object.fromEntries(Object.entries(request).filter(([name]) => name !== "model"));
  return (form === "chat" && composed(fields)) || { ...fresh, form, raw: JSON.stringify(fields, null, 2) };
}

const SIMPLE = new Set(["messages", "stream", "temperature", "max_tokens"]);

function composed(fields: Record<string, unknown>): Draft | null {
  const { messages, stream, temperature, max_tokens: most } = fields;
  if (!Object.keys(fields).every((name) => SIMPLE.has(name)) || !Array.isArray(messages)) return null;
  const turns = messages as Record<string, unknown>[];
  if (!turns.every((turn) => typeof turn["content"] === "string" && Object.keys(turn).length === 2)) return null;
  const [first, ...rest] = turns;
  const system = first?.["role"] === "system" ? String(first["content"]) : "";
  const spoken = system ? rest : turns;
  if (spoken.length === 0 || !spoken.every(({ role }) => role === "user" || role === "assistant")) return null;
  return {
    ...newDraft(),
    system,
    messages: spoken.map(({ role, content }) => newMessage(role as "user" | "assistant", String(content))),
    stream: stream === true,
    temperature: typeof temperature === "number" ? String(temperature) : "",
    maxTokens: typeof most === "number" ? String(most) : "",
  };
}
