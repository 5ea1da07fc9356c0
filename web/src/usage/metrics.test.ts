import { describe, expect, it } from "vitest";
import { everyDay, roundTop } from "./metrics";

it.each([
  [0, 1],
  [1, 1],
  [7, 10],
  [21, 25],
  [180, 200],
  [2_600_000, 5_000_000],
])("the axis for %d ends at %d", (highest, top) => expect(roundTop(highest)).toBe(top));

describe("everyDay", () => {
  const bucket = {
    bucket: "2026-11-20",
    requests: 3,
    prompt_tokens: 0,
    completion_tokens: 0,
    cost_nano_usd: 0,
    unknown_cost_requests: 0,
    cache_hits: 0,
    errors: 0,
  };

  it("fills the days without usage", () => {
    const days = everyDay([bucket], 3, "2026-11-21");
    expect(days.map((day) => [day.bucket, day.requests])).toEqual([
      ["2026-11-19", 0],
      ["2026-11-20", 3],
      ["2026-11-21", 0],
    ]);
  });
});
