import { expect, it } from "vitest";
import type { Conversation } from "../api/types";
import { groupByDay } from "./days";

const at = (updated: Date): Conversation => ({
  id: updated.toISOString(),
  title: "t",
  model: "m",
  created_at: "",
  updated_at: updated.toISOString(),
});

it("puts conversations under their days and keeps their order", () => {
  const now = new Date(2026, 10, 21, 9);
  const days = [
    new Date(2026, 10, 21, 8),
    new Date(2026, 10, 21, 0),
    new Date(2026, 10, 20, 23),
    new Date(2026, 10, 16),
    new Date(2026, 9, 1),
  ];
  const groups = groupByDay(days.map(at), now.getTime());
  expect(groups.map((group) => [group.name, group.conversations.length])).toEqual([
    ["Today", 2],
    ["Yesterday", 1],
    ["This week", 1],
    ["Earlier", 1],
  ]);
});
