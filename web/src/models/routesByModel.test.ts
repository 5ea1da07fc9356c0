import { expect, it } from "vitest";
import { routesByModel } from "./routesByModel";

it("a model is in every route that may send something to it, once", () => {
  const routes = [
    { kind: "Route", name: "best", targets: [{ model: "a" }, { model: "b", weight: 2 }], fallback: ["c", { model: "a" }] },
    { kind: "Route", name: "cheap", targets: [{ model: "c" }], shadow: { model: "b" } },
  ];
  expect(Object.fromEntries(routesByModel(routes))).toEqual({ a: ["best"], b: ["best", "cheap"], c: ["best", "cheap"] });
  expect(routesByModel([]).size).toBe(0);
});
