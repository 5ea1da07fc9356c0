import { expect, test } from "vitest";
import { askedFor, entityHref, isAsked } from "./places";

test("an address names an entity, and is understood again", () => {
  const iri = "stoa:entity/r%26d%20o%27brien";
  const href = entityHref("hand book", iri);
  expect(href).toBe("/collections/hand%20book/graph?entity=r%26d%20o'brien");
  const asked = askedFor(new URLSearchParams(href.split("?")[1]));
  expect([asked, isAsked(iri, asked)]).toEqual(["r&d o'brien", true]);
  expect(askedFor(new URLSearchParams(entityHref("c", "stoa:kind/old%20town").split("?")[1]))).toBe("stoa:kind/old%20town");
  expect([askedFor(new URLSearchParams()), isAsked(iri, "")]).toEqual(["", false]);
});
