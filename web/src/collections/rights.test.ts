import { expect, it } from "vitest";
import { rightsOf } from "./rights";

it("says who may read a document and who may not whatever else they are", () => {
  const rights = rightsOf({ acl: ["group:hr", "public", "user:ada"], deny: ["group:contractors", "public"] });
  expect(rights.map(({ kind, name }) => [kind, name])).toEqual([
    ["group", "hr"],
    ["", "everybody"],
    ["person", "ada"],
    ["not group", "contractors"],
    ["not", "everybody"],
  ]);
  expect(new Set(rights.map(({ tag }) => tag)).size).toBe(rights.length);
});
