/** What an answer says, read from its raw bytes in any of the three forms, whole or as a stream, as far as they have come. */
import { EventStreamParser } from "../api/sse";
import type { SentenceCheck } from "../api/types";
import type { Form } from "./draft";
import { type Json, type JsonObject, isObject } from "./json";

export interface ToolCall {
  name: string;
  /** JSON, as far as it has come. */
  arguments: string;
}

export interface Citation {
  n: number;
  title: string;
  page: number | null;
}

export interface Answer {
  text: string;
  /** What a model thought aloud. */
  reasoning: string;
  toolCalls: ToolCall[];
  /** Why it ended, in the form's own word. */
  finish: string | null;
  citations: Citation[];
  /** Null where it was not held against passages. */
  verification: SentenceCheck[] | null;
  /** What went wrong, in the words that came. */
  error: string | null;
}

export const NOTHING: Answer = {
  text: "",
  reasoning: "",
  toolCalls: [],
  finish: null,
  citations: [],
  verification: null,
  error: null,
};

/** Takes the body in pieces of any size. */
export class AnswerReader {
  #answer = NOTHING;
  #whole = "";
  readonly #events = new EventStreamParser();

  constructor(
    private readonly form: Form,
    private readonly streamed: boolean,
  ) {}

  push(piece: string): Answer {
    if (!this.streamed) {
      this.#whole += piece;
      return this.#answer;
    }
    for (const { data } of this.#events.push(piece)) {
      const event = parsed(data);
      if (isObject(event)) this.#answer = added(this.form, this.#answer, event);
    }
    return this.#answer;
  }

  /** Nothing follows. */
  end(): Answer {
    const body = this.streamed ? undefined : parsed(this.#whole);
    if (isObject(body)) this.#answer = READERS[this.form].whole(body);
    return this.#answer;
  }
}

const READERS: Record<Form, { whole: (body: JsonObject) => Answer; event: (answer: Answer, event: JsonObject) => Answer }> = {
  chat: {
    whole: (body) => {
      const message = at(body, "choices", 0, "message");
      return withStoa(body, {
        ...NOTHING,
        text: textAt(message, "content") || textAt(message, "refusal"),
        reasoning: textAt(message, "reasoning_content") || textAt(message, "reasoning"),
        toolCalls: listAt(message, "tool_calls").map((call) => toolCall(at(call, "function"))),
        finish: textAt(body, "choices", 0, "finish_reason") || null,
        error: errorOf(body),
      });
    },
    event: (answer, event) => {
      const delta = at(event, "choices", 0, "delta");
      let { toolCalls } = answer;
      for (const call of listAt(delta, "tool_calls")) {
        const index = at(call, "index");
        toolCalls = called(toolCalls, typeof index === "number" ? index : 0, toolCall(at(call, "function")));
      }
      return withStoa(event, {
        ...answer,
        text: answer.text + textAt(delta, "content") + textAt(delta, "refusal"),
        reasoning: answer.reasoning + (textAt(delta, "reasoning_content") || textAt(delta, "reasoning")),
        toolCalls,
        finish: textAt(event, "choices", 0, "finish_reason") || answer.finish,
      });
    },
  },
  messages: {
    whole: (body) => {
      const blocks = listAt(body, "content");
      return withStoa(body, {
        ...NOTHING,
        text: blocks.map((block) => textAt(block, "text")).join(""),
        reasoning: blocks.map((block) => textAt(block, "thinking")).join(""),
        toolCalls: blocks.filter((block) => textAt(block, "type") === "tool_use").map(toolUse),
        finish: textAt(body, "stop_reason") || null,
        error: errorOf(body),
      });
    },
    event: (answer, event) => {
      const [block, delta] = [at(event, "content_block"), at(event, "delta")];
      const starts = textAt(block, "type") === "tool_use" ? [toolCall(block)] : [];
      const last = answer.toolCalls.length - 1;
      const more = { name: "", arguments: textAt(delta, "partial_json") };
      return withStoa(event, {
        ...answer,
        text: answer.text + textAt(block, "text") + textAt(delta, "text"),
        reasoning: answer.reasoning + textAt(block, "thinking") + textAt(delta, "thinking"),
        toolCalls: more.arguments ? called(answer.toolCalls, last, more) : [...answer.toolCalls, ...starts],
        finish: textAt(delta, "stop_reason") || answer.finish,
      });
    },
  },
  responses: {
    whole: (body) => {
      const items = listAt(body, "output");
      const parts = items.flatMap((item) => listAt(item, "content"));
      return withStoa(body, {
        ...NOTHING,
        text: parts
          .map((part) => (textAt(part, "type") === "reasoning_text" ? "" : textAt(part, "text") || textAt(part, "refusal")))
          .join(""),
        reasoning: items
          .flatMap((item) => listAt(item, "summary"))
          .map((part) => textAt(part, "text"))
          .join("\n\n"),
        toolCalls: items.filter((item) => textAt(item, "type") === "function_call").map(toolCall),
        finish: textAt(body, "incomplete_details", "reason") || textAt(body, "status") || null,
        error: errorOf(body),
      });
    },
    event: (answer, event) => {
      const type = textAt(event, "type");
      const delta = textAt(event, "delta");
      switch (type) {
        case "response.output_text.delta":
        case "response.refusal.delta":
          return { ...answer, text: answer.text + delta };
        case "response.reasoning_text.delta":
        case "response.reasoning_summary_text.delta":
          return { ...answer, reasoning: answer.reasoning + delta };
        case "response.output_item.added": {
          const item = at(event, "item");
          return textAt(item, "type") === "function_call"
            ? { ...answer, toolCalls: [...answer.toolCalls, toolCall(item)] }
            : answer;
        }
        case "response.function_call_arguments.delta":
          return { ...answer, toolCalls: called(answer.toolCalls, answer.toolCalls.length - 1, { name: "", arguments: delta }) };
        case "response.completed":
        case "response.incomplete":
        case "response.failed": {
          const response = at(event, "response");
          const finish = textAt(response, "incomplete_details", "reason") || textAt(response, "status") || answer.finish;
          return withStoa(isObject(response) ? response : event, { ...answer, finish, error: errorOf(response) ?? answer.error });
        }
        default:
          return withStoa(event, answer);
      }
    },
  },
};

function added(form: Form, answer: Answer, event: JsonObject): Answer {
  const error = errorOf(event) ?? (event.type === "error" ? textAt(event, "message") || "The stream ended with an error." : null);
  return error === null ? READERS[form].event(answer, event) : { ...answer, error };
}

function called(calls: ToolCall[], index: number, more: ToolCall): ToolCall[] {
  const before = calls[index];
  if (!before) return [...calls, more];
  return calls.with(index, { name: before.name + more.name, arguments: before.arguments + more.arguments });
}

const toolCall = (call: Json | undefined): ToolCall => ({ name: textAt(call, "name"), arguments: textAt(call, "arguments") });

const toolUse = (block: Json): ToolCall => ({
  name: textAt(block, "name"),
  arguments: JSON.stringify(at(block, "input") ?? {}),
});

/** An assistant's answer says which passages its numbers stand for. */
function withStoa(body: JsonObject, answer: Answer): Answer {
  const cited = listAt(body, "stoa", "citations");
  const verified = at(body, "stoa", "verification");
  if (cited.length === 0 && verified === undefined) return answer;
  return {
    ...answer,
    // As the gateway writes it.
    verification: Array.isArray(verified) ? (verified as unknown as SentenceCheck[]) : null,
    citations: cited.map((each) => {
      const [n, page] = [at(each, "n"), at(each, "page")];
      return { n: Number(n), title: textAt(each, "title"), page: typeof page === "number" ? page : null };
    }),
  };
}

function errorOf(body: Json | undefined): string | null {
  const error = at(body, "error");
  if (typeof error === "string") return error;
  return isObject(error) ? textAt(error, "message") || JSON.stringify(error) : null;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined; // `[DONE]`, or what is no JSON: the raw response shows it
  }
}

function at(value: Json | undefined, ...path: (string | number)[]): Json | undefined {
  let found = value;
  for (const step of path) {
    if (typeof step === "number") found = Array.isArray(found) ? found[step] : undefined;
    else found = isObject(found) ? found[step] : undefined;
  }
  return found;
}

function textAt(value: Json | undefined, ...path: (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

function listAt(value: Json | undefined, ...path: (string | number)[]): Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}
