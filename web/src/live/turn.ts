/** One answer on its way: what was asked, what has come so far, and how that looks among the stored messages. */
import type { ServerEvent } from "../api/sse";
import { errorFrom } from "../api/errors";
import type { Citation, Conversation, ConversationDetail, Message, SentenceCheck } from "../api/types";

/** Either a question (`content`, with `replaces` when an earlier one is edited) or another try at an answer (`regenerates`). */
export interface TurnRequest {
  conversationId: string;
  content: string | null;
  /** Empty for the conversation's own. */
  model: string;
  replaces?: string;
  regenerates?: string;
}

export interface Turn {
  request: TurnRequest;
  /** `refused`: nothing was begun; the request may be tried again as it is. */
  phase: "asking" | "writing" | "refused";
  userMessage: Message | null;
  assistantMessage: Message | null;
  text: string;
  citations: Citation[];
  closest: Citation[];
  verification: SentenceCheck[] | null;
  error: string | null;
}

export type TurnEvent =
  | { event: "started"; user_message: Message | null; assistant_message: Message }
  | { event: "delta"; text: string }
  | { event: "citations"; citations: Citation[] }
  | { event: "closest"; closest: Citation[] }
  | { event: "verification"; verification: SentenceCheck[] }
  | { event: "ended"; message: Message; conversation: Conversation }
  | { event: "failed"; message: Message; error: unknown };

export function readTurnEvent({ event, data }: ServerEvent): TurnEvent {
  return { event, ...(JSON.parse(data) as object) } as TurnEvent;
}

export function beginTurn(request: TurnRequest): Turn {
  const nothing = {
    userMessage: null,
    assistantMessage: null,
    text: "",
    citations: [],
    closest: [],
    verification: null,
    error: null,
  };
  return { request, phase: "asking", ...nothing };
}

/** The turn after an event that does not end it. */
export function advanceTurn(turn: Turn, event: TurnEvent): Turn {
  switch (event.event) {
    case "started":
      return { ...turn, phase: "writing", userMessage: event.user_message, assistantMessage: event.assistant_message };
    case "delta":
      return { ...turn, text: turn.text + event.text };
    case "citations":
      return { ...turn, citations: event.citations };
    case "closest":
      return { ...turn, closest: event.closest };
    case "verification":
      return { ...turn, verification: event.verification };
    default:
      return turn;
  }
}

/** The answer as the turn left it when it was cut short; null when it had not begun. */
export function cutShort(turn: Turn, state: "stopped" | "failed", error: string | null = null): Message | null {
  if (!turn.assistantMessage) return null;
  const { text: content, citations, closest, verification } = turn;
  return { ...turn.assistantMessage, content, citations, closest, verification, state, error };
}

/** What the API says about a failure, as one sentence. */
export function failureOf(event: Extract<TurnEvent, { event: "failed" }>): Message {
  const error = event.message.error ?? errorFrom({ error: event.error }, 500).message;
  return { ...event.message, state: "failed", error };
}

/** The stored messages that stay when this turn is taken: editing and regenerating drop what came after, and the turn's own are shown from it. */
function kept(messages: Message[], { request, userMessage, assistantMessage }: Turn): Message[] {
  const from = messages.findIndex((message) => message.id === (request.replaces ?? request.regenerates));
  const own = new Set([userMessage?.id, assistantMessage?.id]);
  return (from < 0 ? messages : messages.slice(0, from)).filter((message) => !own.has(message.id));
}

/** The messages to show while the turn is on its way. */
export function messagesWith(messages: Message[], turn: Turn | undefined): Message[] {
  if (!turn) return messages;
  const { request } = turn;
  const shown = kept(messages, turn);
  const question = turn.userMessage ?? (request.content === null ? null : placeholder("user", shown.length, request.content));
  const answer = turn.assistantMessage ?? { ...placeholder("assistant", shown.length + 1, ""), model: request.model };
  return [
    ...shown,
    ...(question ? [question] : []),
    {
      ...answer,
      content: turn.text,
      citations: turn.citations,
      closest: turn.closest,
      verification: turn.verification,
      state: turn.phase === "refused" ? "failed" : "streaming",
      error: turn.error,
    },
  ];
}

/** The conversation once the turn has come to its end with `answer`. */
export function settle(
  detail: ConversationDetail,
  turn: Turn,
  answer: Message,
  conversation: Conversation = detail.conversation,
): ConversationDetail {
  const question = turn.userMessage;
  return { conversation, messages: [...kept(detail.messages, turn), ...(question ? [question] : []), answer] };
}

function placeholder(role: "user" | "assistant", position: number, content: string): Message {
  return {
    id: `pending-${role}`,
    position,
    role,
    content,
    model: null,
    citations: [],
    closest: [],
    verification: null,
    state: "complete",
    error: null,
    created_at: "",
    usage: null,
    feedback: null,
  };
}
