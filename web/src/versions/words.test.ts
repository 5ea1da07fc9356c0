import { describe, expect, it } from "vitest";
import type { ResourceVersion } from "../api/types";
import { isWhole, linesOf, whatChanged, whoAndWhen } from "./words";

const VERSION: ResourceVersion = {
  version: 3,
  change: "changed",
  fields: ["prompt", "context_tokens"],
  restored: null,
  by: "usr_1",
  author: "ann",
  at: "2026-03-01T08:00:00.000Z",
  forgotten: false,
};

describe("a version", () => {
  it("says what it changed, of many fields the first few", () => {
    expect(whatChanged(VERSION)).toBe("Changed: prompt, context tokens");
    expect(whatChanged({ ...VERSION, fields: ["a", "b", "c", "d", "e", "f"] })).toBe("Changed: a, b, c, d and 2 more");
    expect(whatChanged({ ...VERSION, change: "created", fields: [] })).toBe("Made");
    expect(whatChanged({ ...VERSION, change: "restored", restored: 1, fields: ["route"] })).toBe(
      "Restored from version 1: route",
    );
    expect(whatChanged({ ...VERSION, change: "deleted", fields: [] })).toBe("Removed");
    expect(whatChanged({ ...VERSION, forgotten: true })).toContain("what it said is forgotten");
  });

  it("is of somebody who may be known by their id alone", () => {
    expect(whoAndWhen(VERSION)).toMatch(/, ann$/);
    expect(whoAndWhen({ ...VERSION, author: null })).toMatch(/, usr_1$/);
  });

  it("can be restored where something is known of it", () => {
    expect([VERSION, { ...VERSION, forgotten: true }, { ...VERSION, change: "deleted" as const }].map(isWhole)).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("a difference", () => {
  it("is told line by line where it is text", () => {
    expect(linesOf({ field: "prompt", before: "Be kind.\nBe brief.", after: "Be kind.\nIn verse." })).toEqual([
      { mark: " ", text: "Be kind." },
      { mark: "-", text: "Be brief." },
      { mark: "+", text: "In verse." },
    ]);
  });

  it("is told as YAML where it is not", () => {
    expect(linesOf({ field: "collections", before: ["a"], after: ["a", "b"] })).toEqual([
      { mark: "-", text: "[a]" },
      { mark: "+", text: "[a, b]" },
    ]);
    expect(linesOf({ field: "retries", before: null, after: { attempts: 2 } })).toEqual([{ mark: "+", text: "  attempts: 2" }]);
    expect(linesOf({ field: "targets[0].weight", before: 8, after: null })).toEqual([{ mark: "-", text: "8" }]);
  });

  it("of two secrets is that there is another", () => {
    expect(linesOf({ field: "api_key", before: "********", after: "********" })).toEqual([{ mark: " ", text: "another secret" }]);
  });
});
