import { describe, expect, it } from "vitest";
import { NOTHING, everyDay, marksUpTo } from "./metrics";

it.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [7, [0, 2, 4, 6, 8]],
  [22, [0, 10, 20, 30]],
  [222, [0, 100, 200, 300]],
  [180, [0, 50, 100, 150, 200]],
])("the axis for %d has the marks %j", (highest, marks) => expect(marksUpTo(highest)).toEqual(marks));

describe("everyDay", () => {
  const bucket = {
    bucket: "2026-11-20",
    requests: 3,
    prompt_tokens: 0,
    completion_tokens: 0,
    cost_nano_usd: 0,
    unknown_cost_requests: 0,
    cache_hits: 0,
    saved_nano_usd: 0,
    errors: 0,
    refused: 0,
  };

  it("fills the days without usage", () => {
    const days = everyDay([bucket], 3, "2026-11-21", NOTHING);
    expect(days.map((day) => [day.bucket, day.requests])).toEqual([
      ["2026-11-19", 0],
      ["2026-11-20", 3],
      ["2026-11-21", 0],
    ]);
  });
});
