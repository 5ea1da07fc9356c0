/** The search bench: what was found, why it ranks, and what is said of it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { FoundPassage, Judgement } from "../api/types";

export type Part = "dense" | "lexical" | "graph" | "rerank";
export type Label = "good" | "bad";

interface Shown {
  id: Part | "score";
  name: string;
  hint: string;
  text: (value: number) => string;
}

const PARTS: Shown[] = [
  { id: "dense", name: "Meaning", hint: "Cosine of the passage to the question", text: (value) => value.toFixed(2) },
  { id: "lexical", name: "Words", hint: "BM25: words of the question, rare ones more", text: (value) => value.toFixed(1) },
  { id: "graph", name: "Links", hint: "Share of a walk from the passages found first", text: (value) => value.toFixed(3) },
  { id: "rerank", name: "Rerank", hint: "What a model says that reads it with the question", text: (value) => value.toFixed(3) },
  { id: "score", name: "Together", hint: "What the ranking goes by", text: (value) => value.toFixed(3) },
];

/** What there is to show of these: the model's part only where one was asked. */
export const partsOf = (all: FoundPassage[]): Shown[] =>
  PARTS.filter(({ id }) => id !== "rerank" || all.some(({ rerank }) => rerank !== null));

/** From 0 to 1: a part's value beside the highest that was found. */
export function shareOf(passage: FoundPassage, part: Part | "score", all: FoundPassage[]): number {
  const highest = Math.max(...all.map((each) => each[part] ?? 0));
  const value = passage[part] ?? 0;
  return highest > 0 ? Math.max(0, Math.min(1, value / highest)) : 0;
}

const ORDINALS = ["first", "second", "third"];
const ordinal = (rank: number) => ORDINALS[rank - 1] ?? `${rank}th`;

/** The rank by one part alone among what was found; null where the part did not find it. */
export function rankBy(passage: FoundPassage, part: Part, all: FoundPassage[]): number | null {
  const value = passage[part];
  if (value === null || (value <= 0 && part !== "rerank")) return null;
  return 1 + all.filter((each) => (each[part] ?? -Infinity) > value).length;
}

/** Why a passage stands where it does, in words. */
export function whyOf(passage: FoundPassage, all: FoundPassage[]): string {
  const dense = rankBy(passage, "dense", all);
  const lexical = rankBy(passage, "lexical", all);
  const graph = rankBy(passage, "graph", all);
  const rerank = rankBy(passage, "rerank", all);
  const said = [
    rerank === null ? null : `${ordinal(rerank)} by the model that reads it with the question`,
    dense === null ? null : `${ordinal(dense)} by meaning`,
    lexical === null ? "not found by its words" : `${ordinal(lexical)} by words`,
    graph === null ? null : `${ordinal(graph)} by links from what was found first`,
  ].filter((each) => each !== null);
  const text = said.join(", ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

export interface Marked {
  text: string;
  isWord: boolean;
}

const LEAST_WORD = 3;

/** The text with the words that the question has too, as they are written or with another ending. */
export function wordsMarked(text: string, query: string): Marked[] {
  const stems = Array.from(query.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu), ([word]) => stemOf(word)).filter(
    (stem) => stem.length >= LEAST_WORD,
  );
  if (stems.length === 0) return [{ text, isWord: false }];
  const pieces: Marked[] = [];
  let rest = 0;
  for (const match of text.matchAll(/[\p{L}\p{N}]+/gu)) {
    if (!stems.includes(stemOf(match[0].toLowerCase()))) continue;
    if (match.index > rest) pieces.push({ text: text.slice(rest, match.index), isWord: false });
    pieces.push({ text: match[0], isWord: true });
    rest = match.index + match[0].length;
  }
  if (rest < text.length) pieces.push({ text: text.slice(rest), isWord: false });
  return pieces;
}

/** Plurals and the commonest endings of English; what the index does is more, this is for the eye. */
const stemOf = (word: string) => (word.length > 4 ? word.replace(/(ies|es|s|ing|ed)$/, "") : word);

/** What a judgement is about. */
export const placeKey = ({ document_id: id, digest, start, end }: Omit<Judgement, "query" | "label">) =>
  [id, digest ?? "", start, end].join(":");

export function useSearch(collection: string, query: string) {
  return useQuery({
    enabled: query !== "",
    queryKey: ["search", collection, query],
    queryFn: ({ signal }) =>
      bodyOf(
        api.POST("/api/collections/{name}/search", {
          params: { path: { name: collection } },
          body: { query, limit: 10, mode: "hybrid" },
          signal,
        }),
      ),
    placeholderData: (previous, before) => (query !== "" && before?.queryKey[1] === collection ? previous : undefined),
  });
}

const labelsKey = (set: string, query: string) => ["judgements", set, query];

/** What is said in a set for one query, by passage. */
export function useLabels(set: string | null, query: string) {
  return useQuery({
    enabled: set !== null && query !== "",
    queryKey: labelsKey(set ?? "", query),
    queryFn: () =>
      bodyOf(api.GET("/api/evaluation-sets/{name}/items", { params: { path: { name: set ?? "" }, query: { query } } })),
    select: ({ data }) =>
      new Map<string, Label>(data.flatMap((item) => item.judgements.map((each) => [placeKey(each), each.label] as const))),
  });
}

/** Say something of a passage in a set, or take it back with a label of null. */
export function useJudge(collection: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ set, judgement }: { set: string; judgement: Judgement }) =>
      bodyOf(api.PUT("/api/evaluation-sets/{name}/judgements", { params: { path: { name: set } }, body: judgement })),
    onSuccess: (_, { set, judgement }) => {
      for (const queryKey of [labelsKey(set, judgement.query), ["evaluation-sets", collection], ["items", set]]) {
        void queries.invalidateQueries({ queryKey });
      }
    },
  });
}
