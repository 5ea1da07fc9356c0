import { describe, expect, it } from "vitest";
import type { Catalog } from "../api/types";
import { newDraft } from "./draft";
import { heldFrom, modelOf, newColumn } from "./usePlayground";

const catalog = {
  models: [{ model: "small" }, { model: "large" }],
  assistants: [{ model: "assistant/hr" }],
} as unknown as Catalog;

describe("heldFrom", () => {
  it("begins with two columns", () => {
    expect(heldFrom(null).columns.map(({ model }) => model)).toEqual(["", ""]);
  });

  it("takes up what was kept", () => {
    const draft = { ...newDraft(), form: "messages", system: "Be brief." };
    const held = heldFrom(JSON.stringify({ draft, columns: [{ id: "x", model: "small" }] }));
    expect(held.draft).toEqual(draft);
    expect(held.columns.map(({ model }) => model)).toEqual(["small"]);
  });

  it.each(["{", "7", '{"draft": {"form": "telegram"}, "columns": {}}', '{"draft": {"messages": []}, "columns": [7]}'])(
    "begins anew with %j",
    (text) => {
      const { draft, columns } = heldFrom(text);
      expect(draft).toMatchObject({ form: "chat", messages: [{ text: "" }] });
      expect(columns.every(({ model }) => model === "")).toBe(true);
    },
  );

  it("takes no more columns than there may be", () => {
    expect(heldFrom(JSON.stringify({ columns: Array(9).fill({ model: "a" }) })).columns).toHaveLength(4);
  });
});

describe("modelOf", () => {
  it("gives each column that has none another model", () => {
    const columns = [newColumn(), newColumn("small"), newColumn(), newColumn()];
    expect(columns.map((column) => modelOf(columns, column, catalog))).toEqual([
      "large",
      "small",
      "assistant/hr",
      "assistant/hr",
    ]);
  });

  it("gives none while there is none", () => {
    const columns = [newColumn()];
    expect(columns.map((column) => modelOf(columns, column, undefined))).toEqual([""]);
  });
});
