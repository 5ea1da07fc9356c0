/** Examples in words. */
import type { AddedExamples, Example } from "../api/types";
import { plural } from "../kit/format";

type Message = Record<string, unknown>;

/** The text of a message; of anything else its JSON. */
export function textOf(message: Message | null | undefined): string {
  if (!message) return "";
  const { content } = message;
  if (typeof content === "string") return content;
  return JSON.stringify(content ?? message["tool_calls"] ?? message, null, 2);
}

/** Whether its text is all that it says, so that it can be written anew as text. */
export const isText = (message: Message | null): boolean =>
  message === null ||
  (typeof message["content"] === "string" && Object.keys(message).every((k) => k === "role" || k === "content"));

export function nameOf({ messages, state }: Example): string {
  if (!messages) return UNREADABLE[state];
  const asked = textOf(messages.findLast((message) => message["role"] === "user") ?? messages.at(-1));
  return asked.length > 200 ? `${asked.slice(0, 200)}…` : asked;
}

export const UNREADABLE: Record<Example["state"], string> = {
  readable: "",
  erased: "It was erased: nobody can read it any more.",
  expired: "It is past the time for which its team keeps content.",
};

const LEFT: Record<AddedExamples["left"][number]["reason"], string> = {
  unknown: "not yours to read",
  other_team: "of another team",
  not_kept: "not kept",
  erased: "erased",
  cut: "kept in part only",
  no_conversation: "no conversation",
  too_large: "too large",
  there_already: "there already",
};

/** What came of putting requests in. */
export function toldOf({ ids, left }: Pick<AddedExamples, "ids" | "left">): string {
  const counts = new Map<string, number>();
  for (const { reason } of left) counts.set(LEFT[reason], (counts.get(LEFT[reason]) ?? 0) + 1);
  const reasons = Array.from(counts, ([reason, count]) => `${count} ${reason}`).join(", ");
  const added = `${plural(ids.length, "example")} added`;
  return left.length === 0 ? `${added}.` : `${added}. Left out: ${reasons}.`;
}

/** What was typed into a field of a form. */
export function textIn(said: FormData, field: string): string {
  const found = said.get(field);
  return typeof found === "string" ? found : "";
}
