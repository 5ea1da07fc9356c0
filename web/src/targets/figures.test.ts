import { expect, it } from "vitest";
import { formatMs, formatPrice, formatRate, priceText } from "./figures";
import { healthText, worst } from "./health";

it.each([
  [null, "–"],
  [undefined, "–"],
  [4.23, "4.2 ms"],
  [412.4, "412 ms"],
  [999.6, "1.00 s"],
  [2345, "2.35 s"],
  [12_345, "12.3 s"],
])("%s milliseconds are %s", (ms, text) => expect(formatMs(ms)).toBe(text));

it.each([
  [null, "–"],
  [0, "0 %"],
  [0.00001, "<0.1 %"],
  [0.0123, "1.2 %"],
  [0.0996, "10 %"],
  [1, "100 %"],
])("a rate of %s is %s", (rate, text) => expect(formatRate(rate)).toBe(text));

it.each([
  [2.5, "$2.50"],
  [0.075, "$0.075"],
  [75, "$75.00"],
])("%d dollars are %s", (dollars, text) => expect(formatPrice(dollars)).toBe(text));

it("an unknown price is not free", () => {
  expect(priceText(null)).toBe("unknown");
  expect(priceText({ input_per_million: 0, output_per_million: 0 })).toBe("free");
  expect(priceText({ input_per_million: 0.15, output_per_million: 0.6 })).toBe("$0.15 / $0.60");
});

it("the worst of several is told, and nothing is not healthy", () => {
  expect(worst([])).toBe("unknown");
  expect(worst(["unknown", "healthy"])).toBe("healthy");
  expect(worst(["healthy", "open", "probing"])).toBe("open");
});

it("a target that is left alone says for how long", () => {
  expect(healthText("open", 11.2)).toBe("Left alone for 12 s");
  expect(healthText("open", 0)).toBe("Left alone");
  expect(healthText("healthy", 0)).toBe("Healthy");
});
