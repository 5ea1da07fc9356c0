import { describe, expect, it } from "vitest";
import type { Chunk, PassageLink } from "../api/types";
import { piecesOf, wholeNames } from "./reading";

const chunk = (start: number, end: number, heading: string[] = []): Chunk => ({
  id: `d.${start}`,
  start,
  end,
  heading,
  page: null,
  tokens: 1,
  text: "",
});

describe("the text in pieces", () => {
  it("shows what lies between chunks, and nothing for blanks", () => {
    const pieces = piecesOf({
      text: "One.\n\nTwo.  aside  Three.",
      offset: 0,
      data: [chunk(0, 4), chunk(6, 10), chunk(19, 25)],
      before: 0,
    });
    expect(pieces.map(({ chunk: of, text }) => [of?.id ?? null, text])).toEqual([
      ["d.0", "One."],
      ["d.6", "Two."],
      [null, "aside"],
      ["d.19", "Three."],
    ]);
  });

  it("counts on from the chunks before, at the offset of its text", () => {
    const pieces = piecesOf({ text: "Four. Five.", offset: 100, data: [chunk(100, 105), chunk(106, 111)], before: 3 });
    expect(pieces.map(({ number, text }) => [number, text])).toEqual([
      [4, "Four."],
      [5, "Five."],
    ]);
  });

  it("gives text that two chunks share to the first", () => {
    const pieces = piecesOf({ text: "abcdef", offset: 0, data: [chunk(0, 4), chunk(2, 6)], before: 0 });
    expect(pieces.map(({ text }) => text)).toEqual(["abcd", "ef"]);
  });

  it("says headings where they change", () => {
    const data = [chunk(0, 1, ["A"]), chunk(1, 2, ["A"]), chunk(2, 3, ["A", "B"])];
    expect(piecesOf({ text: "abc", offset: 0, data, before: 0 }).map(({ heading }) => heading)).toEqual(["A", "", "A › B"]);
  });
});

describe("names that lead elsewhere", () => {
  const link = (name: string, ...ids: string[]): PassageLink => ({
    name,
    about: false,
    more: false,
    passages: ids.map((id) => ({
      id,
      document_id: "d",
      title: "",
      path: "",
      heading: [],
      page: null,
      start: 0,
      end: 1,
      text: "",
    })),
  });

  it("are told whole where a part of them leads nowhere else", () => {
    const names = (links: PassageLink[]) => wholeNames(links).map(({ name }) => name);
    expect(names([link("ada lovelace", "a", "b"), link("lovelace", "a"), link("love", "a")])).toEqual(["ada lovelace", "love"]);
    expect(names([link("ada lovelace", "a"), link("lovelace", "a", "c")])).toEqual(["ada lovelace", "lovelace"]);
    expect(names([link("ada lovelace", "a"), { ...link("lovelace", "a"), more: true }])).toHaveLength(2);
  });
});
