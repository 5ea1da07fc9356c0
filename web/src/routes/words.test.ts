import { expect, it } from "vitest";
import { CACHE, newDraft, newTarget } from "./draft";
import * as words from "./words";

const draft = newDraft();

it("a new route says what it does without being told", () => {
  expect(words.retriesText(draft.retries)).toBe("none");
  expect(words.breakerText(draft.breaker)).toBe("after 5 failures in a row, for 10 s");
  expect(words.timeoutsText(draft.timeouts)).toBe("as the provider says");
  expect(words.hedgeText(draft.hedge)).toBe("off");
  expect(words.shadowText(draft.shadow)).toBe("off");
  expect(words.cacheText(draft)).toBe("answers are kept for 1 h");
});

it("what is set is said", () => {
  expect(words.retriesText({ ...draft.retries, attempts: "2" })).toBe("up to 2 more, adding 20 % of requests at most");
  expect(words.timeoutsText({ ...draft.timeouts, first_token_s: "2.5", total_s: "60" })).toBe("first token 2.5 s, whole 60 s");
  expect(words.hedgeText({ after_s: "1", least_s: "0.05" })).toBe("a second target after 1 s");
  expect(words.shadowText({ model: "e", share: "0.125" })).toBe("12.5 % also to e");
  expect(words.cacheText({ ...draft, cache: null })).toBe("off");
  expect(words.cacheText({ ...draft, cache: { ...CACHE, ttl_s: "120", shared: "key" } })).toBe(
    "answers are kept for 2 min, for the same key or person",
  );
});

it("a share is of all weights", () => {
  const three = { ...draft, targets: ["95", "4", "1"].map((weight) => ({ ...newTarget(), weight })) };
  expect(["95", "4", "0"].map((weight) => words.shareText(three, weight))).toEqual(["95 %", "4 %", "0 %"]);
  expect(words.shareText({ ...draft, targets: [{ ...newTarget(), weight: "x" }] }, "x")).toBe("");
});
