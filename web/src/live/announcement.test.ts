import { expect, it } from "vitest";
import { nextSentences } from "./announcement";

it("waits for the end of a sentence", () => {
  expect(nextSentences("Travel is booked", 0, false)).toEqual({ say: "", upTo: 0 });
});

it("says each sentence once, without numbers and markup", () => {
  const text = "**Travel** is booked early [1]. Then";
  const first = nextSentences(text, 0, false);
  expect(first.say).toBe("Travel is booked early.");
  expect(nextSentences(text, first.upTo, true)).toEqual({ say: "Then", upTo: text.length });
});

it("does not take the point in a number for an end", () => {
  expect(nextSentences("It costs 12.50 euros", 0, false).say).toBe("");
});
