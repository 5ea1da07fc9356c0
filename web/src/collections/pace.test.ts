import { describe, expect, it } from "vitest";
import type { Job } from "../api/types";
import { paceOf, timeLeft } from "./pace";

const job = (more: Partial<Job>) =>
  ({
    pages: 8,
    pages_per_second: 37.5,
    documents_per_second: 12,
    seconds_left: 40,
    tokens: 0,
    cost_nano_usd: 0,
    ended_at: null,
    ...more,
  }) as Job;

describe("the pace of a job", () => {
  it("names documents, pages, what is left and what it cost", () => {
    expect(paceOf(job({}))).toBe("12.0 documents/s, 37.5 pages/s, about 40 s left");
    expect(paceOf(job({ tokens: 900, cost_nano_usd: 20_000_000 }))).toMatch(/, \$0\.02$/);
    expect(paceOf(job({ tokens: 900, cost_nano_usd: null }))).toMatch(/, unknown cost$/);
    expect(paceOf(job({ pages: 0, seconds_left: null }))).toBe("12.0 documents/s");
  });

  it("is only what it cost once it has ended", () => {
    expect(paceOf(job({ ended_at: "2026-01-01T00:00:00Z" }))).toBe("");
    expect(paceOf(job({ ended_at: "2026-01-01T00:00:00Z", tokens: 9, cost_nano_usd: 1_500_000_000 }))).toBe("$1.50");
  });

  it("tells time as people do", () => {
    expect(timeLeft(130)).toBe("about 2 min 10 s left");
    expect(timeLeft(7_500)).toBe("about 2 h 5 min left");
  });
});
