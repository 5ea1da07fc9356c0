import { describe, expect, it } from "vitest";
import type { Replay } from "../api/types";
import { arrow, changes, cost, isQuiet, limits } from "./told";

const side = (requests: number, refused = 0, cost_nano_usd = 0, unknown_cost = 0) => ({
  requests,
  refused,
  cost_nano_usd,
  unknown_cost,
});
const nothing: Replay = {
  total: { name: null, before: side(10, 0, 2_000_000_000), after: side(10, 0, 2_000_000_000) },
  routes: [],
  models: [],
  teams: [],
  moved: 0,
  refusals: {},
  admitted: 0,
  assumed: 0,
  examples: [],
  truncated: false,
  guards: null,
};

describe("a replay in words", () => {
  it("says nothing where nothing would be different", () => {
    expect([changes(nothing), limits(nothing), isQuiet(nothing)]).toEqual([[], [], false]);
    expect(isQuiet({ ...nothing, total: { name: null, before: side(0), after: side(0) } })).toBe(true);
  });

  it("says what moves, what is refused and what it costs", () => {
    const total = { ...nothing.total, after: side(8, 2, 1_500_000_000, 1) };
    expect(changes({ ...nothing, total, moved: 4.5, refusals: { forbidden: 2 }, admitted: 1 })).toEqual([
      "4.5 would be answered by another model.",
      "2 would newly be refused: forbidden.",
      "1 that were refused would be answered; what they would cost is not known.",
      "They would cost $1.50 and 1 unknown instead of $2.00.",
    ]);
  });

  it("says what guardrails would do and where they were not run", () => {
    const guards = {
      judged: 3,
      refused: 1,
      answers_refused: 1,
      masked: 2,
      not_kept: 5,
      not_readable: 4,
      beyond: 0,
      left_out: ["new/ours"],
    };
    expect(changes({ ...nothing, guards })).toEqual(["1 would get no answer, and be paid for.", "2 would be masked."]);
    expect(limits({ ...nothing, guards, assumed: 2, truncated: true })).toEqual([
      "Guardrails were run on 3 requests whose content is kept.",
      "Guardrails were not run for 5: no content kept.",
      "Guardrails were not run for 4: you may not read their content; auditors may.",
      "Guards that ask others are not run: new/ours.",
      "2 go by load or latency, and are taken to go where they went.",
      "There were more requests than are looked at: choose a shorter time.",
    ]);
  });

  it("shows both sides where they differ", () => {
    expect([arrow("1", "1"), arrow("1", "2"), cost(side(1, 0, 1_000_000_000))]).toEqual(["1", "1 → 2", "$1.00"]);
  });
});
