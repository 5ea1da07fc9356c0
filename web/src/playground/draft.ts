/** What the composer holds: fields that make a request in any of the three forms, or the request's JSON itself. */

export type Form = "chat" | "messages" | "responses";

export const FORMS: { id: Form; name: string; path: string }[] = [
  { id: "chat", name: "Chat", path: "/v1/chat/completions" },
  { id: "messages", name: "Messages", path: "/v1/messages" },
  { id: "responses", name: "Responses", path: "/v1/responses" },
];

export interface Attachment {
  kind: "image" | "audio";
  name: string;
  /** Its media type. */
  type: string;
  /** In base64. */
  data: string;
}

export interface DraftMessage {
  id: string;
  role: "user" | "assistant";
  text: string;
  attachments: Attachment[];
}

export interface Draft {
  form: Form;
  system: string;
  messages: DraftMessage[];
  /** Numbers as they were typed; empty ones are not sent. */
  temperature: string;
  maxTokens: string;
  stream: boolean;
  /** Whether the cache is passed by. */
  fresh: boolean;
  schema: string;
  tools: string;
  /** The whole request but its model, while it is edited as JSON. */
  raw: string | null;
}

let count = 0;

export function newMessage(role: DraftMessage["role"] = "user", text = ""): DraftMessage {
  return { id: `m${Date.now()}-${++count}`, role, text, attachments: [] };
}

export function newDraft(): Draft {
  return {
    form: "chat",
    system: "",
    messages: [newMessage()],
    temperature: "",
    maxTokens: "",
    stream: true,
    fresh: false,
    schema: "",
    tools: "",
    raw: null,
  };
}

/** The conversation goes on from an answer. */
export function continued(draft: Draft, answer: string): Draft {
  return { ...draft, messages: [...draft.messages, newMessage("assistant", answer), newMessage()] };
}

/** Of what the browser kept; fields that it lacks are as in a new one, and what is none at all is not taken. */
export function draftFrom(kept: unknown): Draft {
  const fresh = newDraft();
  if (typeof kept !== "object" || kept === null) return fresh;
  const draft = { ...fresh, ...kept };
  const isWhole = FORMS.some(({ id }) => id === draft.form) && Array.isArray(draft.messages) && draft.messages.length > 0;
  return isWhole ? draft : fresh;
}
