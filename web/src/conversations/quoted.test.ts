import { describe, expect, it } from "vitest";
import { quotedPieces } from "./quoted";

const passage =
  "The pen is kept cold.\n\nAfter first use it may be kept for 30 days at\nup to 25 °C. It costs 12.50 euros at most. 4 Ask.";

const quoted = (answer: string) =>
  quotedPieces(passage, answer)
    .filter((piece) => piece.isQuoted)
    .map((piece) => piece.text.trim());

describe("quotedPieces", () => {
  it("finds the sentence that the answer took over, across line breaks, numbers and markup", () => {
    expect(quoted("**After first use** it may be kept for 30 days [1] at up to 25 °C. [1]")).toEqual([
      "After first use it may be kept for 30 days at\nup to 25 °C.",
    ]);
  });

  it("does not cut a sentence at the point of a number", () => {
    expect(quoted("It costs 12.50 euros at most.")).toEqual(["It costs 12.50 euros at most."]);
  });

  it("takes neighbours as one", () => {
    expect(quoted(passage)).toHaveLength(1);
  });

  it("gives nothing for an answer in other words, and nothing for very short sentences", () => {
    expect(quoted("Thirty days. Ask.")).toEqual([]);
  });

  it("loses no letter of the passage", () => {
    for (const answer of ["", passage, "The pen is kept cold."]) {
      expect(
        quotedPieces(passage, answer)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(passage);
    }
  });
});
