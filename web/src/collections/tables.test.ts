import { describe, expect, it } from "vitest";
import { blocksOf } from "./tables";

describe("the text of a document", () => {
  it("is what it is where it holds no table", () => {
    const text = "One | two\n\n| a single line |\n";
    expect(blocksOf(text)).toEqual([{ kind: "text", text }]);
  });

  it("is cut where tables begin and end", () => {
    expect(blocksOf("Doses\n\n| Name | Dose |\n| --- | :-: |\n| Pen | 5 \\| 10 |\n\nSee below.")).toEqual([
      { kind: "text", text: "Doses" },
      { kind: "table", head: ["Name", "Dose"], rows: [["Pen", "5 | 10"]] },
      { kind: "text", text: "See below." },
    ]);
  });

  it("holds what is left of a table that was cut off from its head", () => {
    expect(blocksOf("| Pen | 5 |\n| Vial | 10 |")).toEqual([
      {
        kind: "table",
        head: [],
        rows: [
          ["Pen", "5"],
          ["Vial", "10"],
        ],
      },
    ]);
  });
});
