/** What the double remembers: apart for each session, so that no test meets what another has left. */
import type {
  Conversation,
  Document,
  Job,
  Message,
  ResourceFields,
  Session,
  UsageBucket,
  UsageRequest,
} from "../../src/api/types";
import { Refusal } from "./http.ts";
import { documents } from "./handbook.ts";
import { applied, placeOf } from "./platform.ts";

let count = 0;
export const newId = (prefix: string): string => `${prefix}-${++count}`;
export const now = (): string => new Date().toISOString();

export const session: Session = {
  csrf_token: "csrf-of-the-double",
  rights: { see_models: true, change_routes: true },
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

export class State {
  readonly conversations = new Map<string, Held>();
  readonly documents = new Map<string, Document>(documents.map((document) => [document.id, { ...document }]));
  readonly jobs = new Map<string, Job>();
  readonly resources = new Map<string, ResourceFields>(applied.map((each) => [placeOf(each), each]));
  readonly requests = new Map<string, UsageRequest>();

  held(id: string | undefined): Held {
    return found(this.conversations, id);
  }
}

/** By the value of the session's cookie. */
export const sessions = new Map<string, State>();

export function found<T>(all: Map<string, T>, id: string | undefined): T {
  const one = all.get(id ?? "");
  if (!one) throw new Refusal(404, `There is no ${id ?? ""}.`);
  return one;
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
    refused: Math.round(requests / 90),
  };
}
