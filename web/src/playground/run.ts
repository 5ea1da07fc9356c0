/** One request to one target on its way: what was sent, what has come so far, and what it took. */
import type { ServerEvent } from "../api/sse";
import { errorFrom } from "../api/errors";
import type { UsageRequest } from "../api/types";
import { type Answer, AnswerReader, NOTHING } from "./answer";
import type { Asked } from "./snippets";

export interface Run {
  /** `failed`: no answer, or none that is whole. */
  phase: "asking" | "answering" | "finished" | "stopped" | "failed";
  asked: Asked;
  model: string;
  status: number | null;
  headers: Record<string, string>;
  requestId: string | null;
  /** The response's body, as far as it has come. */
  raw: string;
  answer: Answer;
  /** What went wrong on the way to Stoa or the gateway. What a target says itself is in the answer. */
  error: string | null;
  firstTokenMs: number | null;
  totalMs: number | null;
  /** `waiting` until it is known; `unbilled` when nothing was asked of a model; `later` when it takes too long. */
  account: UsageRequest | "waiting" | "unbilled" | "later";
}

export type RunEvent =
  | { event: "sent"; method: string; path: string; headers: Record<string, string> }
  | { event: "head"; status: number; headers: Record<string, string>; request_id: string | null; after_ms: number }
  | { event: "body"; text: string }
  | { event: "finished"; first_token_ms: number | null; total_ms: number; error: unknown }
  | { event: "accounted"; request: UsageRequest | null; billed: boolean };

export const readRunEvent = ({ event, data }: ServerEvent): RunEvent => ({ event, ...(JSON.parse(data) as object) }) as RunEvent;

export function beginRun(asked: Asked, model: string): Run {
  return {
    phase: "asking",
    asked,
    model,
    status: null,
    headers: {},
    requestId: null,
    raw: "",
    answer: NOTHING,
    error: null,
    firstTokenMs: null,
    totalMs: null,
    account: "waiting",
  };
}

export const isUnderWay = (run: Run | undefined): boolean => run?.phase === "asking" || run?.phase === "answering";

/** Takes the events of one run in their order. */
export class RunFollower {
  #reader: AnswerReader | null = null;

  constructor(private run: Run) {}

  get current(): Run {
    return this.run;
  }

  take(event: RunEvent): Run {
    this.run = this.#advanced(event);
    return this.run;
  }

  /** The reader gave it up, or the connection to Stoa did. */
  cut(phase: "stopped" | "failed", error: string | null, totalMs: number): Run {
    const { run } = this;
    const account = run.requestId !== null || run.account !== "waiting" ? run.account : "later";
    this.run = { ...run, phase, error, totalMs: run.totalMs ?? totalMs, account };
    return this.run;
  }

  /** What was billed, asked for after the fact. */
  accounted(request: UsageRequest | null): Run {
    this.run = { ...this.run, account: request ?? "later" };
    return this.run;
  }

  #advanced(event: RunEvent): Run {
    const { run } = this;
    switch (event.event) {
      case "sent":
        return { ...run, asked: { ...run.asked, path: event.path, headers: event.headers } };
      case "head": {
        const streamed = event.headers["content-type"]?.startsWith("text/event-stream") === true;
        this.#reader = new AnswerReader(run.asked.form, streamed);
        const firstTokenMs = streamed && event.status === 200 ? event.after_ms : null;
        const { status, headers, request_id: requestId } = event;
        return { ...run, phase: "answering", status, headers, requestId, firstTokenMs };
      }
      case "body":
        return { ...run, raw: run.raw + event.text, answer: this.#reader?.push(event.text) ?? run.answer };
      case "finished": {
        const answer = this.#reader?.end() ?? run.answer;
        const error = event.error ? errorFrom({ error: event.error }, 502).message : null;
        const isWhole = error === null && answer.error === null && run.status === 200;
        const phase = isWhole ? "finished" : "failed";
        return { ...run, phase, answer, error, firstTokenMs: event.first_token_ms, totalMs: event.total_ms };
      }
      case "accounted":
        return { ...run, account: event.request ?? (event.billed ? "later" : "unbilled") };
    }
  }
}

const BURST_MS = 100;

/** Tokens that came a second: of a stream after its first, else, or where all came in one burst, over the whole time. */
export function tokensPerSecond({ account, firstTokenMs, totalMs }: Run): number | null {
  const tokens = typeof account === "object" ? account.completion_tokens : null;
  if (tokens === null || totalMs === null) return null;
  const streamed = totalMs - (firstTokenMs ?? 0);
  const ms = streamed >= BURST_MS ? streamed : totalMs;
  return ms > 0 && tokens > 1 ? (tokens * 1000) / ms : null;
}
