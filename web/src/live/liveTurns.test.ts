import { describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/errors";
import type { ServerEvent } from "../api/sse";
import { LiveTurns, type OpenTurn } from "./liveTurns";

const request = { conversationId: "c", content: "Why?", model: "m" };
const event = (name: string, data: object): ServerEvent => ({ event: name, data: JSON.stringify(data) });
const started = event("started", { user_message: { id: "q" }, assistant_message: { id: "a" } });

function turnsOf(open: OpenTurn) {
  const ended = vi.fn();
  const failed = vi.fn();
  return { turns: new LiveTurns(open, ended, failed, (then) => then()), ended, failed };
}

async function* eventsOf(...events: ServerEvent[]) {
  yield* events;
  await Promise.resolve();
}

describe("LiveTurns", () => {
  it("follows an answer to its end and lets go of it", async () => {
    const done = event("ended", { message: { id: "a", content: "Because." }, conversation: { id: "c" } });
    const { turns, ended } = turnsOf(() => eventsOf(started, event("delta", { text: "Because." }), done));
    await turns.start(request);
    expect(ended).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ text: "Because." }),
      { id: "a", content: "Because." },
      { id: "c" },
    );
    expect(turns.get("c")).toBeUndefined();
  });

  it("keeps a refused question, to be tried again", async () => {
    const { turns, failed } = turnsOf(() => {
      throw new ApiError("The budget of team 'lab' is spent.", 429);
    });
    await turns.start(request);
    expect(turns.get("c")).toMatchObject({ phase: "refused", error: "The budget of team 'lab' is spent." });
    expect(failed).toHaveBeenCalledOnce();
    turns.dismiss("c");
    expect(turns.get("c")).toBeUndefined();
  });

  it("keeps what came of an answer whose stream broke off, as failed", async () => {
    const { turns, ended } = turnsOf(() => eventsOf(started, event("delta", { text: "Be" })));
    await turns.start(request);
    expect(ended.mock.calls[0]?.[1]).toMatchObject({ content: "Be", state: "failed" });
  });

  it("keeps what came of an answer that was stopped", async () => {
    const { turns, ended } = turnsOf(async function* (_, signal) {
      yield started;
      yield event("delta", { text: "Be" });
      turns.stop("c");
      await Promise.resolve();
      signal.throwIfAborted();
    });
    await turns.start(request);
    expect(ended.mock.calls[0]?.[1]).toMatchObject({ content: "Be", state: "stopped", error: null });
  });

  it("does not begin a second turn beside the first", async () => {
    const open = vi.fn<OpenTurn>(() => eventsOf(started));
    const { turns } = turnsOf(open);
    await Promise.all([turns.start(request), turns.start(request)]);
    expect(open).toHaveBeenCalledOnce();
  });
});
