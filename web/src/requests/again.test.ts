import { describe, expect, it } from "vitest";
import type { TraceContent } from "../api/types";
import { draftOf } from "./again";

const kept = (form: string, request: unknown): TraceContent => ({
  state: "stored",
  form,
  request,
  answer: null,
  cut: false,
  masked: false,
  messages: null,
});

describe("draftOf", () => {
  it("puts a plain conversation into the composer's fields", () => {
    const messages = [
      { role: "system", content: "Be kind." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "Well?" },
    ];
    const draft = draftOf(kept("chat", { model: "fast", messages, temperature: 0.5, max_tokens: 9, stream: true }));
    expect(draft).toMatchObject({
      form: "chat",
      system: "Be kind.",
      temperature: "0.5",
      maxTokens: "9",
      stream: true,
      raw: null,
    });
    expect(draft.messages.map(({ role, text }) => [role, text])).toEqual([
      ["user", "Hi"],
      ["assistant", "Hello"],
      ["user", "Well?"],
    ]);
  });

  it.each([
    ["chat", { model: "m", messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] }],
    ["chat", { model: "m", messages: [{ role: "user", content: "Hi" }], tools: [] }],
    ["messages", { model: "m", messages: [{ role: "user", content: "Hi" }], max_tokens: 5 }],
  ])("keeps what has no field as the JSON that it was, but for its model: %s", (form, request) => {
    const draft = draftOf(kept(form, request));
    expect(draft.form).toBe(form);
    expect({ model: "m", ...(JSON.parse(draft.raw ?? "") as object) }).toEqual(request);
    expect(draft.raw).not.toContain("model");
  });

  it("begins anew where nothing is kept, or only a piece", () => {
    for (const content of [null, kept("chat", '{"model": "m", "mess'), kept("completions", { prompt: "x" })]) {
      expect(draftOf(content)).toMatchObject({ form: "chat", raw: null });
    }
  });
});
