import { describe, expect, it } from "vitest";
import type { Message } from "../api/types";
import { advanceTurn, beginTurn, cutShort, messagesWith, readTurnEvent, settle } from "./turn";

function message(id: string, role: "user" | "assistant", content = id): Message {
  return {
    id, role, content, position: 0, model: null, citations: [], closest: [], verification: null, state: "complete", error: null, created_at: "", usage: null, feedback: null,
  }; // prettier-ignore
}

const stored = [message("q1", "user"), message("a1", "assistant"), message("q2", "user"), message("a2", "assistant")];
const ids = (messages: Message[]) => messages.map((each) => each.id);
const asked = beginTurn({ conversationId: "c", content: "q3", model: "m" });
const started = advanceTurn(asked, {
  event: "started",
  user_message: message("q3", "user"),
  assistant_message: message("a3", "assistant", ""),
});

describe("messagesWith", () => {
  it("shows the question at once, before the API has answered", () => {
    const shown = messagesWith(stored, asked);
    expect(ids(shown)).toEqual(["q1", "a1", "q2", "a2", "pending-user", "pending-assistant"]);
    expect(shown.at(-1)?.state).toBe("streaming");
  });

  it("grows the answer piece by piece", () => {
    const turn = ["The ", "lab"].reduce((all, text) => advanceTurn(all, { event: "delta", text }), started);
    expect(messagesWith(stored, turn).at(-1)?.content).toBe("The lab");
  });

  it("shows a message once that the store has got already", () => {
    expect(ids(messagesWith([...stored, message("q3", "user")], started))).toEqual(["q1", "a1", "q2", "a2", "q3", "a3"]);
  });

  it("drops what an edited question is followed by", () => {
    const edit = beginTurn({ conversationId: "c", content: "again", model: "m", replaces: "q2" });
    expect(ids(messagesWith(stored, edit))).toEqual(["q1", "a1", "pending-user", "pending-assistant"]);
  });

  it("drops only the answer when it is generated again", () => {
    const again = beginTurn({ conversationId: "c", content: null, model: "m", regenerates: "a2" });
    expect(ids(messagesWith(stored, again))).toEqual(["q1", "a1", "q2", "pending-assistant"]);
  });

  it("says why a refused turn was not begun", () => {
    const refused = messagesWith(stored, { ...asked, phase: "refused", error: "The budget is spent." }).at(-1);
    expect([refused?.state, refused?.error]).toEqual(["failed", "The budget is spent."]);
  });
});

describe("settle", () => {
  const conversation = { id: "c", title: "t", model: "m", created_at: "", updated_at: "" };

  it("keeps the question and the answer after what was there", () => {
    const detail = settle({ conversation, messages: stored }, started, message("a3", "assistant", "done"));
    expect(ids(detail.messages)).toEqual(["q1", "a1", "q2", "a2", "q3", "a3"]);
    expect(detail.messages.at(-1)?.content).toBe("done");
  });

  it("takes the title that the first answer gave", () => {
    const named = { ...conversation, title: "Lab coats" };
    expect(settle({ conversation, messages: [] }, started, message("a3", "assistant"), named).conversation.title).toBe(
      "Lab coats",
    );
  });
});

it("cuts short only an answer that had begun", () => {
  expect(cutShort(asked, "stopped")).toBeNull();
  expect(cutShort(advanceTurn(started, { event: "delta", text: "half" }), "stopped")).toMatchObject({
    content: "half",
    state: "stopped",
  });
});

it("reads an event of the stream", () => {
  expect(readTurnEvent({ event: "delta", data: '{"text":"a"}' })).toEqual({ event: "delta", text: "a" });
});
