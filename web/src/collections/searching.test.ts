import { describe, expect, it } from "vitest";
import type { FoundPassage } from "../api/types";
import { partsOf, rankBy, shareOf, whyOf, wordsMarked } from "./searching";

const passage = (id: string, dense: number | null, lexical: number | null, graph: number | null = null): FoundPassage => ({
  id,
  document_id: "d",
  collection: "handbook",
  title: "",
  source: "",
  path: "",
  digest: null,
  heading: [],
  page: null,
  start: 0,
  end: 1,
  text: "",
  score: (dense ?? 0) + (lexical ?? 0),
  dense,
  lexical,
  graph,
  fused: null,
  rerank: null,
});

const ALL = [passage("a", 0.8, 3), passage("b", 0.9, null, 0.2), passage("c", 0.4, 12)];
const [a, b, c] = ALL as [FoundPassage, FoundPassage, FoundPassage];

describe("why a passage ranks", () => {
  it("is told by its rank in each part", () => {
    expect(whyOf(a, ALL)).toBe("Second by meaning, second by words.");
    expect(whyOf(b, ALL)).toBe("First by meaning, not found by its words, first by links from what was found first.");
    expect(rankBy(b, "lexical", ALL)).toBeNull();
  });

  it("is told by the model first, where one was asked", () => {
    const read = { ...a, rerank: 0 };
    const all = [{ ...b, rerank: 0.7 }, read];
    expect(whyOf(read, all)).toBe("Second by the model that reads it with the question, second by meaning, first by words.");
    expect([ALL, all].map((each) => partsOf(each).some(({ id }) => id === "rerank"))).toEqual([false, true]);
  });

  it("is drawn beside the highest of each part", () => {
    expect([a, b, c].map((each) => shareOf(each, "lexical", ALL))).toEqual([0.25, 0, 1]);
    expect(shareOf(a, "graph", [a, c])).toBe(0);
  });

  it("counts on after third", () => {
    const many = [0.9, 0.8, 0.7, 0.6].map((dense, i) => passage(`${i}`, dense, null));
    expect(whyOf(many[3] as FoundPassage, many)).toContain("4th by meaning");
  });
});

describe("words of the question", () => {
  it("are marked whatever their ending and case", () => {
    const marked = wordsMarked("Hotels cost money; a hotel too.", "hotel costs");
    expect(marked.filter(({ isWord }) => isWord).map(({ text }) => text)).toEqual(["Hotels", "cost", "hotel"]);
    expect(marked.map(({ text }) => text).join("")).toBe("Hotels cost money; a hotel too.");
  });

  it("are not marked when they are short", () => {
    expect(wordsMarked("it is so", "is it so?")).toEqual([{ text: "it is so", isWord: false }]);
  });
});
