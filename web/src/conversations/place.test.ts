import { expect, it } from "vitest";
import { placeOf } from "./place";

it("names headings and page, without saying the title twice", () => {
  expect(placeOf({ title: "Travel", heading: ["Travel", "Rail", "Class"], page: 3 })).toBe("Rail › Class, page 3");
  expect(placeOf({ title: "Travel", heading: ["Rail"], page: null })).toBe("Rail");
  expect(placeOf({ title: "Travel", heading: ["Travel"], page: 1 })).toBe("page 1");
  expect(placeOf({ title: "Travel", heading: [], page: null })).toBe("");
});
