import { describe, expect, it } from "vitest";
import { span, termsOf } from "./terms";

describe("termsOf", () => {
  it("tells what a request was expected to cost, what is left of a limit, and for how long its answer is kept", () => {
    expect(
      termsOf({
        "x-stoa-estimate-nano-usd": "300000",
        "x-stoa-estimate-tokens": "15",
        "x-ratelimit-limit-requests": "10",
        "x-ratelimit-remaining-requests": "9",
        "x-ratelimit-reset-requests": "1m0s",
        "x-stoa-cache": "miss",
        "x-stoa-cache-ttl": "3600",
      }),
    ).toEqual([
      { name: "Expected", value: "≈ 15 tokens in, $0.00030", hint: "Counted before the call: what was set aside for it" },
      { name: "Limit", value: "9 of 10 requests left", hint: "Full again: 1m0s" },
      { name: "Cache", value: "kept for 1 h" },
    ]);
  });

  it("tells of a hit how old it is, and what it saved", () => {
    const headers = {
      "x-stoa-cache": "hit",
      age: "60",
      "cache-control": "private, max-age=3540",
      "x-stoa-saved-nano-usd": "1100000",
    };
    expect(termsOf(headers)).toEqual([{ name: "Cache", value: "answer 60 s old, kept 59 min more, saved $0.0011" }]);
  });

  it("never shows an unknown cost as an amount", () => {
    expect(termsOf({ "x-stoa-estimate-nano-usd": "unknown" })[0]?.value).toBe("unknown");
    expect(termsOf({ "x-stoa-estimate-nano-usd": "unknown", "x-stoa-estimate-tokens": "44" })[0]?.value).toBe(
      "≈ 44 tokens in, cost unknown",
    );
  });

  it("reads Anthropic's names too, and says nothing where nothing is told", () => {
    const headers = { "anthropic-ratelimit-requests-limit": "10", "anthropic-ratelimit-requests-remaining": "3" };
    expect(termsOf(headers)).toEqual([{ name: "Limit", value: "3 of 10 requests left" }]);
    expect(termsOf({})).toEqual([]);
  });
});

describe("span", () => {
  it("names the largest unit that fits", () => {
    expect([5, 89, 90, 3599, 3600, 5400, 86_400, 259_200].map(span)).toEqual([
      "5 s",
      "89 s",
      "2 min",
      "1 h",
      "1 h",
      "1.5 h",
      "24 h",
      "3 days",
    ]);
  });
});
