import { describe, expect, it } from "vitest";
import type { Example } from "../api/types";
import { isText, nameOf, textOf, toldOf } from "./words";

const example = (changed: Partial<Example>) => ({ state: "readable", messages: null, ...changed }) as Example;

describe("examples in words", () => {
  it("are named after what the user said last", () => {
    const messages = [
      { role: "user", content: "First" },
      { role: "assistant", content: "So." },
      { role: "user", content: "x".repeat(300) },
      { role: "tool", content: "found" },
    ];
    expect(nameOf(example({ messages }))).toBe(`${"x".repeat(200)}…`);
    expect(nameOf(example({ messages: [{ role: "system", content: "Be kind." }] }))).toBe("Be kind.");
    expect(nameOf(example({ state: "erased" }))).toContain("erased");
  });

  it("show what is no text as JSON, and do not offer to write that anew", () => {
    expect(textOf({ role: "assistant", tool_calls: [{ id: "c" }] })).toContain('"id": "c"');
    expect(isText({ role: "assistant", content: "A" })).toBe(true);
    expect(isText(null)).toBe(true);
    expect(isText({ role: "assistant", content: "A", tool_calls: [] })).toBe(false);
  });

  it("tell how many requests went in, and why others did not", () => {
    const left = (reason: "not_kept" | "erased") => ({ request: "r", reason, message: "" });
    expect(toldOf({ ids: ["a"], left: [] })).toBe("1 example added.");
    expect(toldOf({ ids: [], left: [left("not_kept"), left("not_kept"), left("erased")] })).toBe(
      "0 examples added. Left out: 2 not kept, 1 erased.",
    );
  });
});
