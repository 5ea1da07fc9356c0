import { describe, expect, it } from "vitest";
import { draftOf, named, newDraft, resourceOf } from "./draft";

const WHOLE = {
  kind: "Assistant",
  name: "desk",
  title: "Help desk",
  description: "For everybody.",
  prompt: "Be kind.\n",
  route: "fast",
  collections: ["handbook", "it"],
  passages: 12,
  context_tokens: 4000,
  neighbours: 2,
  examples: ["Who has keys?", "What is open?"],
  teams: ["company"],
  tools: ["erp/orders"],
};

describe("the draft of an assistant", () => {
  it("comes back as it was applied", () => {
    expect(resourceOf(draftOf(WHOLE))).toEqual(WHOLE);
    expect(resourceOf(draftOf({ kind: "Assistant", name: "desk" }))).toEqual({ kind: "Assistant", name: "desk" });
  });

  it("leaves out what has its default", () => {
    expect(resourceOf({ ...newDraft(), name: " desk ", passages: " 8 ", context_tokens: "", prompt: " " })).toEqual({
      kind: "Assistant",
      name: "desk",
    });
  });

  it("is for the team of whoever makes it", () => {
    expect(resourceOf({ ...newDraft("sales"), name: "desk" })).toEqual({ kind: "Assistant", name: "desk", teams: ["sales"] });
  });

  it("hands on a number that is none, for the API to name", () => {
    expect(resourceOf({ ...newDraft(), name: "desk", passages: "many" })).toMatchObject({ passages: "many" });
  });

  it("takes a question a line, and names between commas", () => {
    const draft = { ...newDraft(), name: "desk", examples: "One?\n\n Two? \n", teams: "a, b" };
    expect(resourceOf(draft)).toMatchObject({ examples: ["One?", "Two?"], teams: ["a", "b"] });
  });

  it("has a name for a try before it has one of its own", () => {
    expect(named(resourceOf(newDraft()))).toMatchObject({ name: "draft" });
  });
});
