import { describe, expect, it } from "vitest";
import { formatAgo, formatBytes, formatCompact, formatCost, formatDay, formatUsd, plural } from "./format";

describe("formatUsd", () => {
  it.each([
    [0, "$0.00"],
    [12_340_000_000, "$12.34"],
    [1_234_567_000_000_000, "$1,234,567.00"],
    [10_000_000, "$0.01"],
    [1_100_000, "$0.0011"],
    [300, "$0.00000030"],
  ])("%d nano-dollars are %s", (nano, text) => expect(formatUsd(nano)).toBe(text));
});

describe("formatCost", () => {
  it("never shows unknown cost as nothing", () => {
    expect(formatCost({ cost_nano_usd: 0, unknown_cost_requests: 3, requests: 3 })).toBe("unknown");
    expect(formatCost({ cost_nano_usd: null, unknown_cost_requests: 0, requests: 1 })).toBe("unknown");
  });

  it("says that a part is unknown", () => {
    expect(formatCost({ cost_nano_usd: 2_000_000_000, unknown_cost_requests: 1, requests: 3 })).toBe("$2.00 + unknown");
  });

  it("shows what is free as free", () => {
    expect(formatCost({ cost_nano_usd: 0, unknown_cost_requests: 0, requests: 3 })).toBe("$0.00");
  });
});

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1500, "1.5 KB"],
  [999_999, "1.0 MB"],
  [23_400_000, "23 MB"],
])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

it("counts with the right noun", () => {
  expect([plural(1, "page"), plural(0, "page"), plural(1200, "page")]).toEqual(["1 page", "0 pages", "1,200 pages"]);
  expect(formatCompact(1_234_567)).toBe("1.23M");
});

it("shows a day of the report as that day, in every time zone", () => {
  expect(formatDay("2026-11-01")).toBe("1 Nov");
});

it("tells how long ago something was", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  expect(formatAgo("2026-11-21T11:59:30Z", now)).toBe("just now");
  expect(formatAgo("2026-11-21T11:15:00Z", now)).toBe("45 min ago");
  expect(formatAgo("2026-11-20T11:00:00Z", now)).toBe("1 day ago");
  expect(formatAgo("2026-10-01T11:00:00Z", now)).toBe("1 Oct 2026");
});
