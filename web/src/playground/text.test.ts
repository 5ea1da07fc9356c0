import { describe, expect, it } from "vitest";
import { elided, formatMs, formatRate, isJson, jsonTokens, pretty } from "./text";

describe("figures", () => {
  it("have a unit that fits them", () => {
    expect([0.42, 9.99, 412.4, 999.4, 2310].map(formatMs)).toEqual(["0.4 ms", "10.0 ms", "412 ms", "999 ms", "2.31 s"]);
    expect([3.14, 87.6].map(formatRate)).toEqual(["3.1/s", "88/s"]);
  });
});

describe("raw texts", () => {
  it("cut what is data and leave words", () => {
    expect(elided(`"data:image/png;base64,${"A".repeat(500)}"`)).toBe(
      `"data:image/png;base64,${"A".repeat(40)}… 460 more characters"`,
    );
    expect(elided("word ".repeat(200))).toBe("word ".repeat(200));
  });

  it("are laid out if they are JSON", () => {
    expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(pretty("no")).toBe("no");
    expect([' {"a": 1}', "[1]", "7", '"a"', "{a}", "Hello"].map(isJson)).toEqual([true, true, false, false, false, false]);
  });

  it("are coloured without losing a letter", () => {
    const json = '{\n  "a\\"": [true, -1.5e3, null, "x: \\"y\\""] }';
    const tokens = jsonTokens(json);
    expect(tokens.map(({ text }) => text).join("")).toBe(json);
    expect(tokens.filter(({ kind }) => kind !== "plain")).toEqual([
      { kind: "key", text: '"a\\""' },
      { kind: "value", text: "true" },
      { kind: "value", text: "-1.5e3" },
      { kind: "value", text: "null" },
      { kind: "text", text: '"x: \\"y\\""' },
    ]);
  });
});
