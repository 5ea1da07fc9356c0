import { describe, expect, it } from "vitest";
import type { ServerEvent } from "../api/sse";
import type { UsageRequest } from "../api/types";
import { ApiError } from "../api/errors";
import { type Run, tokensPerSecond } from "./run";
import { Runs } from "./runs";
import type { Asked } from "./snippets";

const ASKED: Asked = { form: "chat", path: "", headers: {}, body: '{"model": "a"}' };
const BILLED = { id: "01", completion_tokens: 11, cost_nano_usd: null } as UsageRequest;

const event = (name: string, data: object): ServerEvent => ({ event: name, data: JSON.stringify(data) });
const SENT = event("sent", { method: "POST", path: "/v1/chat/completions", headers: { "content-type": "application/json" } });
const HEAD = event("head", { status: 200, headers: { "content-type": "text/event-stream" }, request_id: "01", after_ms: 40 });
const BODY = event("body", { text: 'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n' });
const FINISHED = event("finished", { first_token_ms: 41, total_ms: 141, error: null });
const ACCOUNTED = event("accounted", { request: BILLED, billed: true });

type Step = ServerEvent | Error | "wait";

/** Answers each request with these steps; `wait` lasts until it is stopped. */
function runsOf(...steps: Step[]) {
  const asked: string[] = [];
  const runs = new Runs({
    async *open(_, signal) {
      for (const step of steps) {
        if (step instanceof Error) throw step;
        if (step !== "wait") yield step;
        else
          await new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(new DOMException("", "AbortError"))),
          );
      }
    },
    account: (id) => {
      asked.push(id);
      return Promise.resolve(BILLED);
    },
    now: () => 0,
    nextFrame: (then) => then(),
  });
  return { runs, asked, of: (column: string) => runs.all().get(column) as Run };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("Runs", () => {
  it("follow a request from what was sent to what it cost", async () => {
    const { runs, of, asked } = runsOf(SENT, HEAD, BODY, FINISHED, ACCOUNTED);
    await runs.start("one", ASKED, "a");
    expect(of("one")).toMatchObject({
      phase: "finished",
      asked: { path: "/v1/chat/completions", headers: { "content-type": "application/json" } },
      status: 200,
      raw: 'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n',
      answer: { text: "Hi" },
      firstTokenMs: 41,
      totalMs: 141,
      account: BILLED,
    });
    expect(tokensPerSecond(of("one"))).toBe(110);
    expect(tokensPerSecond({ ...of("one"), firstTokenMs: 140 })).toBeCloseTo(78, 0);
    expect(asked).toEqual([]);
  });

  it("keep what came when they are stopped, and ask for what it cost", async () => {
    const { runs, of, asked } = runsOf(SENT, HEAD, BODY, "wait");
    const running = runs.start("one", ASKED, "a");
    await settled();
    expect(of("one")).toMatchObject({ phase: "answering", firstTokenMs: 40 });
    runs.stop("one");
    await running;
    expect(of("one")).toMatchObject({ phase: "stopped", answer: { text: "Hi" }, error: null, account: BILLED });
    expect(asked).toEqual(["01"]);
  });

  it("do not know the cost of what was stopped before its answer began", async () => {
    const { runs, of } = runsOf(SENT, "wait");
    const running = runs.start("one", ASKED, "a");
    await settled();
    runs.stopAll();
    await running;
    expect(of("one")).toMatchObject({ phase: "stopped", account: "later" });
  });

  it("stop one and leave the other", async () => {
    const { runs, of } = runsOf(SENT, HEAD, "wait");
    const one = runs.start("one", ASKED, "a");
    const two = runs.start("two", ASKED, "b");
    await settled();
    runs.stop("one");
    await one;
    expect([of("one").phase, of("two").phase]).toEqual(["stopped", "answering"]);
    runs.stop("two");
    await two;
  });

  it("show the new request alone when one is asked over another", async () => {
    const { runs, of } = runsOf(SENT, HEAD, "wait");
    const first = runs.start("one", ASKED, "a");
    await settled();
    const second = runs.start("one", ASKED, "b");
    await first;
    expect(of("one")).toMatchObject({ model: "b", phase: "answering" });
    runs.drop("one");
    await second;
    expect(runs.all().size).toBe(0);
  });

  it.each<[string, Step[], Partial<Run>]>([
    ["a refusal", [SENT, new ApiError("You are signed out.", 401)], { phase: "failed", error: "You are signed out." }],
    [
      "a lost connection",
      [SENT, HEAD, BODY, new TypeError("network error")],
      { phase: "failed", error: "The connection was lost before the answer was complete." },
    ],
    [
      "a stream that just ends",
      [SENT, HEAD, BODY],
      { phase: "failed", error: "The connection was lost before the answer was complete." },
    ],
    [
      "a gateway that breaks off",
      [
        SENT,
        HEAD,
        BODY,
        event("finished", { first_token_ms: 1, total_ms: 2, error: { message: "The answer broke off." } }),
        ACCOUNTED,
      ],
      { phase: "failed", error: "The answer broke off." },
    ],
  ])("tell of %s", async (_, steps, expected) => {
    const { runs, of } = runsOf(...steps);
    await runs.start("one", ASKED, "a");
    expect(of("one")).toMatchObject(expected);
  });

  it("tell a refusal by the gateway, which costs nothing", async () => {
    const head = event("head", { status: 429, headers: { "content-type": "application/json" }, request_id: "01", after_ms: 1 });
    const body = event("body", { text: '{"error": {"message": "Too many."}}' });
    const finished = event("finished", { first_token_ms: null, total_ms: 2, error: null });
    const { runs, of } = runsOf(SENT, head, body, finished, event("accounted", { request: null, billed: false }));
    await runs.start("one", ASKED, "a");
    expect(of("one")).toMatchObject({ phase: "failed", status: 429, answer: { error: "Too many." }, account: "unbilled" });
  });
});
