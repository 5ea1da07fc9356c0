/** What goes out when a version is asked. */
import type { ResourceFields } from "../api/types";
import type { Asked } from "../playground/snippets";

const JSON_TYPE = { "content-type": "application/json" };
const messagesOf = (question: string) => [{ role: "user", content: question }];

/** A version as it is drawn up, saved or not. */
export function asDraft(assistant: ResourceFields, question: string): Asked {
  const body = JSON.stringify({ assistant, messages: messagesOf(question) });
  return { form: "chat", path: "/api/assistants/try", headers: JSON_TYPE, body };
}

/** A version as it was. */
export function asEarlier(name: string, version: number, question: string): Asked {
  const body = JSON.stringify({ earlier: { name, version }, messages: messagesOf(question) });
  return { form: "chat", path: "/api/assistants/try", headers: JSON_TYPE, body };
}

/** What is served under a name, asked anew so that cost and time can be compared. */
export function asServed(model: string, question: string): Asked {
  const body = JSON.stringify({ model, messages: messagesOf(question), stream: true });
  return { form: "chat", path: "/v1/chat/completions", headers: { ...JSON_TYPE, "cache-control": "no-cache" }, body };
}
