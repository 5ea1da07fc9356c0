import { describe, expect, it } from "vitest";
import { guardsOf, isSame, linesOf, newGuardrail, numberOr, withField, withType, wordsOf } from "./draft";
import { GUARDS } from "./fields";

describe("a draft of a guardrail", () => {
  it("begins with one guard for everything", () => {
    expect(newGuardrail()).toEqual({ kind: "Guardrail", name: "", default: true, guards: [{ type: "personal" }] });
  });

  it("leaves out what is empty, and keeps zero and text that is no number", () => {
    const fields = { type: "size", tokens: 5 };
    expect(withField(fields, "tokens", "")).toEqual({ type: "size" });
    expect(withField(fields, "kinds", [])).toEqual(fields);
    expect(withField(fields, "tokens", 0)).toEqual({ type: "size", tokens: 0 });
    expect([numberOr("4000"), numberOr("0.5"), numberOr("many"), numberOr(" ")]).toEqual([4000, 0.5, "many", ""]);
  });

  it("reads words and lines as people write them", () => {
    expect(wordsOf("EMAIL_ADDRESS, IBAN_CODE ,")).toEqual(["EMAIL_ADDRESS", "IBAN_CODE"]);
    expect(linesOf("a griffin\n\n  two words \n")).toEqual(["a griffin", "two words"]);
  });

  it("keeps of a guard whose type changes what both types know", () => {
    const personal = { type: "personal", action: "mask", kinds: ["X"], min_score: 0.7, stream: "whole" };
    expect(withType(personal, "secrets")).toEqual({ type: "secrets", action: "mask", kinds: ["X"] });
    expect(withType(personal, "size")).toEqual({ type: "size" });
    expect(withType({ type: "size", action: "warn" }, "words")).toEqual({ type: "words", action: "warn" });
  });

  it("is the same in whatever order its fields are", () => {
    expect(isSame({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 })).toBe(true);
    expect(isSame({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
    expect(guardsOf({ kind: "Guardrail", name: "x" })).toEqual([]);
  });

  it("has a default for everything that has a choice", () => {
    for (const spec of Object.values(GUARDS)) expect(spec.stages.length).toBeGreaterThan(0);
  });
});
