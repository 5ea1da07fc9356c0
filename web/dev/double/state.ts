/** What the double remembers: apart for each session, so that no test meets what another has left. */
import type { Conversation, Document, Job, Message, ResourceFields, Session, UsageRequest } from "../../src/api/types";
import type { Sets } from "./bench.ts";
import { Datasets } from "./datasets.ts";
import { Refusal } from "./http.ts";
import { documents } from "./handbook.ts";
import { newIndexes } from "./indexes.ts";
import { applied, placeOf } from "./platform.ts";
import { Sources } from "./sources.ts";
import { Versions } from "./versions.ts";

let count = 0;
export const newId = (prefix: string): string => `${prefix}-${++count}`;
export const now = (): string => new Date().toISOString();

export const session: Session = {
  csrf_token: "csrf-of-the-double",
  rights: {
    see_models: true,
    see_budgets: true,
    change_routes: true,
    change_assistants: true,
    change_guardrails: true,
    change_providers: true,
    change_sources: true,
    run_replays: true,
    see_datasets: true,
    fill_datasets: true,
  },
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
  readonly versions = new Versions(applied);
  readonly sets: Sets = new Map();
  readonly sources = new Sources();
  readonly indexes = newIndexes();
  readonly datasets = new Datasets();
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
