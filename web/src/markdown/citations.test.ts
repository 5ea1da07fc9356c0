import { describe, expect, it } from "vitest";
import { splitCitations } from "./citations";

const all = () => true;

describe("splitCitations", () => {
  it("cuts out each number, also side by side", () => {
    expect(splitCitations("Gloves [1][2], coats [10].", all)).toEqual([
      "Gloves ",
      { cite: 1 },
      { cite: 2 },
      ", coats ",
      { cite: 10 },
      ".",
    ]);
  });

  it("leaves numbers that nothing stands for", () => {
    expect(splitCitations("See [1] and [7].", (n) => n === 1)).toEqual(["See ", { cite: 1 }, " and [7]."]);
  });

  it("leaves other brackets", () => {
    expect(splitCitations("a[x] [1a] [ 1 ] [2026]", all)).toEqual(["a[x] [1a] [ 1 ] [2026]"]);
  });

  it("makes nothing of nothing", () => {
    expect(splitCitations("", all)).toEqual([]);
  });
});
