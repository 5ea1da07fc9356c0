import { describe, expect, it } from "vitest";
import { guardrailOf, stretches } from "./guardrails";

describe("what the screen says of a guardrail", () => {
  it("names what it holds for", () => {
    const of = (fields: object) => guardrailOf({ kind: "Guardrail", name: "g", guards: [], ...fields }).holdsFor;
    expect(of({ default: true })).toBe("everything");
    expect(of({ routes: ["best"], teams: ["lab", "hr"] })).toBe("routes best; teams lab, hr");
  });

  it("fills in the defaults that the resource leaves out", () => {
    const { guards } = guardrailOf({
      kind: "Guardrail",
      name: "g",
      guards: [
        { type: "personal" },
        { type: "schema", schema: {} },
        { type: "size", messages: 5 },
        { type: "http", url: "http://g" },
      ],
    });
    expect(guards.map(({ type, action, judges }) => [type, action, judges])).toEqual([
      ["personal", "mask", "input and output"],
      ["schema", "refuse", "output"],
      ["size", "refuse", "input"],
      ["http", "as it replies", "input and output"],
    ]);
    expect(guards.map((each) => each.onStreams)).toEqual([
      "held back as far as needed",
      "held until it is whole",
      "judged before",
      "held until it is whole",
    ]);
    expect(guards[2]?.looksFor).toBe("over 5 messages");
  });
});

describe("the text with its findings", () => {
  const finding = (kind: string, start: number, end: number) => ({
    guard: "g",
    kind,
    start,
    end,
    score: 1,
    action: "mask" as const,
  });

  it("is cut where they begin and end, in code points", () => {
    expect(stretches("🦊 ada@x.org!", [finding("MAIL", 2, 11)])).toEqual([
      { text: "🦊 ", kind: null },
      { text: "ada@x.org", kind: "MAIL" },
      { text: "!", kind: null },
    ]);
  });

  it("shows what overlaps once, and says everything", () => {
    const cut = stretches("abcdef", [finding("A", 0, 4), finding("B", 2, 5), finding("C", 3, 3)]);
    expect(cut.map(({ text }) => text).join("")).toBe("abcdef");
    expect(cut.map(({ kind }) => kind)).toEqual(["A", "B", null]);
  });
});
