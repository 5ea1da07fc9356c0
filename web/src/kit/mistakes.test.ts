import { expect, it } from "vitest";
import { ApiError } from "../api/errors";
import { messageAt, mistakeOf } from "./mistakes";

const refused = (param: string | null) => mistakeOf(new ApiError("That is wrong.", 400, "invalid_request", param));

it.each([
  ["resources[0].targets[1].weight", "targets[1].weight"],
  ["route.retries.attempts", "retries.attempts"],
  ["targets[0].model", "targets[0].model"],
  ["name", "name"],
  ["resources[0]", null],
  [null, null],
])("an error at %s is about the field %s", (param, field) => expect(refused(param)?.field).toBe(field));

it("a mistake shows at its field and at what holds it, not at its neighbours", () => {
  const mistake = refused("resources[0].targets[1].weight");
  expect(messageAt(mistake, "targets[1].weight")).toBe("That is wrong.");
  expect(messageAt(mistake, "targets[1]")).toBe("That is wrong.");
  expect(messageAt(mistake, "targets[0].weight")).toBeNull();
  expect(messageAt(mistake, "targets[1].weigh")).toBeNull();
  expect(messageAt(refused(null), "name")).toBeNull();
  expect(messageAt(null, "name")).toBeNull();
});

it.each([
  ["Route 'best', field 'name': a model is called 'best' too.", "A model is called 'best' too."],
  ["Route 'best': Expected `int` >= 0, in the field 'name'.", "Expected `int` >= 0."],
])("at its field, %j does not say where it is", (message, short) =>
  expect(messageAt({ field: "name", message }, "name")).toBe(short),
);

it("what never reached the API is about no field", () => {
  expect(mistakeOf(new Error("Away."))).toEqual({ field: null, message: "Away." });
  expect(mistakeOf(null)).toBeNull();
});
