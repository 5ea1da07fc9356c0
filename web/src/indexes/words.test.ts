import { describe, expect, it } from "vitest";
import type { Comparison, Index, Job } from "../api/types";
import { askedOf, difference, isWorse, standingOf, takes } from "./words";

const index = (state: Index["state"], lacking = 0) => ({ state, lacking }) as Index;
const job = (state: Job["state"], ended_at: string | null = null) => ({ state, ended_at }) as Job;
const ENDED = "2026-01-01T00:00:00Z";

describe("how a version stands", () => {
  it("follows its job while it is built", () => {
    expect(standingOf(index("building", 3), job("running"))).toBe("building");
    expect(standingOf(index("building", 3), undefined)).toBe("building");
    expect(standingOf(index("building", 3), job("cancelled", ENDED))).toBe("stopped");
    expect(standingOf(index("building", 3), job("succeeded", ENDED))).toBe("building");
    expect(standingOf(index("building"), job("succeeded", ENDED))).toBe("ready");
    expect(standingOf(index("building"), job("failed", ENDED))).toBe("ready");
    expect(standingOf(index("building"), null)).toBe("ready");
    expect(standingOf(index("building", 3), null)).toBe("building");
  });

  it("is its state otherwise", () => {
    expect(standingOf(index("kept", 3), job("failed", ENDED))).toBe("kept");
  });
});

describe("what building anew takes", () => {
  const anew = { embedding_model: "embed-3", chunk_tokens: 256, documents: 1204, chunks: 9000 };

  it("is told in documents, tokens and money", () => {
    expect(takes({ ...anew, tokens: 2_000_000, cost_nano_usd: 40_000_000 })).toMatch(
      /^Its 1,204 documents .* 2,000,000 tokens, about \$0\.04\.$/,
    );
    expect(takes({ ...anew, tokens: 9, cost_nano_usd: 0 })).toContain("costs no money");
    expect(takes({ ...anew, tokens: 9, cost_nano_usd: null })).toContain("not known");
    expect(takes({ ...anew, tokens: null, cost_nano_usd: null })).toContain("once a job has counted some");
  });
});

describe("a report", () => {
  const report: Comparison = {
    at: ENDED,
    over: 1,
    questions: 40,
    overlap: 0.83,
    evaluation_set: "default",
    judged: 40,
    before: { recall: 0.9, mrr: 0.7 },
    after: { recall: 0.93, mrr: 0.69 },
  };

  it("says what was asked and what is worse", () => {
    expect(askedOf(report)).toBe("By 40 judged questions of default; of the first ten passages, 83 % are the same.");
    expect(askedOf({ ...report, evaluation_set: null, questions: 1 })).toContain("By 1 title of documents");
    expect(askedOf({ ...report, questions: 0 })).toContain("nothing to ask");
    expect(isWorse(report)).toBe(true);
    expect(isWorse({ ...report, before: null, after: null })).toBe(false);
  });

  it("shows differences with their sign", () => {
    expect(difference(0.9, 0.93)).toBe("+0.030");
    expect(difference(0.7, 0.69)).toBe("−0.010");
    expect(difference(0.7, 0.7)).toBe("the same");
    expect(difference(null, 0.7)).toBe("–");
  });
});
