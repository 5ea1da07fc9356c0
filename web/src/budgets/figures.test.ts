import { expect, it } from "vitest";
import type { Budget } from "../api/types";
import { amountsOf, barOf, nameOf } from "./figures";

const budget: Budget = {
  name: "small",
  scope: "project",
  subject: "apollo",
  per: "day",
  time_zone: "UTC",
  used_nano_usd: 1_500_000_000,
  reserved_nano_usd: null,
  unknown_cost_requests: 0,
  unknown: "allow",
  warn_nano_usd: 1_000_000_000,
  limit_nano_usd: 2_000_000_000,
  state: "warned",
  starts_at: "2026-11-21T00:00:00.000Z",
  resets_at: "2026-11-22T00:00:00.000Z",
  as_of: "2026-11-21T12:00:00.000Z",
};

it("shows what is used and the soft limit as shares of the hard one", () => {
  expect(barOf(budget)).toEqual({ used: 0.75, warn: 0.5 });
  expect(barOf({ ...budget, used_nano_usd: 9e9 })).toEqual({ used: 1, warn: 0.5 });
});

it("is full where nothing may be spent, and measured by the soft limit where that is the only one", () => {
  expect(barOf({ ...budget, limit_nano_usd: 0 })).toEqual({ used: 1, warn: 1 });
  expect(barOf({ ...budget, used_nano_usd: 5e8, limit_nano_usd: null })).toEqual({ used: 0.5, warn: null });
});

it("never takes unknown cost for none", () => {
  expect(amountsOf({ ...budget, unknown_cost_requests: 3 })).toBe("$1.50 of $2.00 a day, and 3 requests of unknown cost");
});

it("names what it is of", () => {
  expect(nameOf(budget)).toBe("Project apollo · small");
  expect(nameOf({ ...budget, name: null, scope: "team", subject: "company" })).toBe("Team company");
  expect(nameOf({ ...budget, subject: null })).toBe("Project – each one · small");
});
