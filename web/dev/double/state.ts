/** What the double remembers. A new process forgets it. */
import type { Conversation, Document, Job, Message, Session, UsageBucket } from "../../src/api/types";
import { Refusal } from "./http.ts";
import { documents } from "./handbook.ts";

let count = 0;
export const newId = (prefix: string): string => `${prefix}-${++count}`;
export const now = (): string => new Date().toISOString();

export const session: Session = {
  csrf_token: "csrf-of-the-double",
  user: {
    id: "user-1",
    name: "admin",
    display_name: "Ada Sandoval",
    team: "company",
    groups: ["hr"],
    roles: ["administrator", "member"],
  },
};

export interface Held {
  conversation: Conversation;
  messages: Message[];
}

export const state = {
  signedIn: false,
  conversations: new Map<string, Held>(),
  documents: new Map<string, Document>(documents.map((document) => [document.id, document])),
  jobs: new Map<string, Job>(),
};

export function held(id: string | undefined): Held {
  const found = state.conversations.get(id ?? "");
  if (!found) throw new Refusal(404, `There is no conversation ${id ?? ""}.`);
  return found;
}

const DAY_MS = 86_400_000;

/** A month of usage that always looks the same: weekends are quiet, some requests have no known price. */
export function usageByDay(): UsageBucket[] {
  return Array.from({ length: 30 }, (_, i) => {
    const day = new Date(Date.now() - (29 - i) * DAY_MS);
    const quiet = day.getUTCDay() % 6 === 0 ? 0.15 : 1;
    const requests = Math.round((90 + 60 * Math.sin(i / 3) + i * 3) * quiet);
    return bucket(day.toISOString().slice(0, 10), requests, i % 9 === 4 ? Math.round(requests / 5) : 0);
  });
}

export const usageByModel = (): UsageBucket[] => [
  bucket("stoa-reader", 2210, 0, 0),
  bucket("gpt-4.1-mini", 812, 0),
  bucket("local-qwen", 264, 264, 0),
  bucket("stoa-embed", 190, 0, 0),
];

function bucket(name: string, requests: number, unknown: number, perRequest = 1_830_000): UsageBucket {
  return {
    bucket: name,
    requests,
    prompt_tokens: requests * 812,
    completion_tokens: requests * 96,
    cost_nano_usd: (requests - unknown) * perRequest,
    unknown_cost_requests: unknown,
    cache_hits: Math.round(requests * 0.21),
    errors: Math.round(requests / 60),
  };
}
