/** The double's index: what documents are cut into, what a search finds, and what is said of it. */
import type {
  Chunk,
  ChunkPage,
  CollectionUsage,
  Document,
  DocumentVersion,
  EvaluationItem,
  FoundPassage,
  Judgement,
  PassageLink,
} from "../../src/api/types";
import { Refusal } from "./http.ts";
import { pages } from "./handbook.ts";
import { type State, now } from "./state.ts";

const DIGEST = "d".repeat(64);
const PAGE = 4;

/** A chunk for each paragraph that is not said again and again. */
function chunksOf(id: string): { chunks: Chunk[]; text: string } {
  const page = pages.find(({ document }) => document.id === id);
  const text = page?.text ?? "This document is short.\n\nIt has two paragraphs.";
  const chunks: Chunk[] = [];
  for (const match of text.matchAll(/[^\n]+/g)) {
    chunks.push({
      id: `${id}.${chunks.length}`,
      start: match.index,
      end: match.index + match[0].length,
      heading: page?.heading ?? [],
      page: page?.page ?? null,
      tokens: Math.ceil(match[0].length / 5),
      text: match[0],
    });
  }
  return { chunks, text };
}

export function chunkPage(document: Document, query: URLSearchParams): ChunkPage {
  if (document.state === "failed") throw new Refusal(409, `The document “${document.path}” could not be read.`);
  const { chunks, text } = chunksOf(document.id);
  const at = query.get("at");
  const holding = at === null ? 0 : chunks.findLastIndex((chunk) => chunk.start <= Number(at));
  const first = query.has("cursor") ? Number(query.get("cursor")) : Math.floor(Math.max(0, holding) / PAGE) * PAGE;
  const data = chunks.slice(first, first + PAGE);
  const after = chunks[first + PAGE];
  const offset = first === 0 ? 0 : (data[0]?.start ?? 0);
  return {
    document,
    characters: text.length,
    chunks: chunks.length,
    before: first,
    offset,
    text: text.slice(offset, after?.start ?? text.length),
    data,
    next_cursor: after ? String(first + PAGE) : null,
    previous_cursor: first > 0 ? String(Math.max(0, first - PAGE)) : null,
  };
}

const wordsOf = (text: string) => new Set(text.toLowerCase().match(/\p{L}+/gu) ?? []);

/** By shared words; meaning is made up from them too. The last of many has no word of the question. */
export function search(state: State, collection: string, query: string): FoundPassage[] {
  const wanted = wordsOf(query);
  const found = Array.from(state.documents.values())
    .filter((document) => document.collection === collection && document.state === "indexed")
    .flatMap((document) => chunksOf(document.id).chunks.map((chunk) => ({ document, chunk })))
    .map(({ document, chunk }) => {
      const shared = Array.from(wordsOf(chunk.text)).filter((word) => word.length > 3 && wanted.has(word)).length;
      const lexical = shared > 0 ? 2.5 * shared : null;
      const dense = 0.2 + shared / (wanted.size + 2);
      const graph = document.id === "doc-travel" && shared > 0 ? 0.05 * shared : null;
      const fused = 0.5 * dense + (0.5 * (lexical ?? 0)) / ((lexical ?? 0) + 12);
      return {
        ...chunk,
        document_id: document.id,
        collection: document.collection,
        title: document.title,
        source: document.source,
        path: document.path,
        digest: DIGEST,
        dense,
        lexical,
        graph,
        fused,
        rerank: null,
        score: fused + (graph ?? 0),
      };
    });
  const texts = new Set<string>();
  return found
    .filter(({ text, lexical }) => lexical !== null && !texts.has(text) && texts.add(text))
    .sort((a, b) => b.score - a.score)
    .slice(0, 10);
}

export const versions = (document: Document): DocumentVersion[] => [
  {
    number: 2,
    at: document.updated_at,
    digest: DIGEST,
    bytes: document.bytes,
    acl: document.acl,
    deny: document.deny,
    by: "ada",
  },
  {
    number: 1,
    at: "2026-09-01T08:00:00.000Z",
    digest: "c".repeat(64),
    bytes: 31_400,
    acl: ["team:company"],
    deny: [],
    by: "hana",
  },
];

/** What was said, in each set by query. */
export type Sets = Map<string, Judgement[]>;

export const setsOf = (sets: Sets) =>
  Array.from(sets, ([name, all]) => ({
    name,
    collection: "handbook",
    description: "",
    queries: new Set(all.map((each) => each.query)).size,
    judgements: all.length,
    created_at: now(),
  }));

export function judge(sets: Sets, name: string, judgement: Judgement): void {
  const all = sets.get(name);
  if (!all) throw new Refusal(404, `There is no evaluation set “${name}”.`);
  const isSame = (each: Judgement) =>
    each.query === judgement.query && each.document_id === judgement.document_id && each.start === judgement.start;
  const others = all.filter((each) => !isSame(each));
  sets.set(name, judgement.label === null ? others : [...others, judgement]);
}

export function itemsOf(state: State, name: string, query: string | null): EvaluationItem[] {
  const all = state.sets.get(name) ?? [];
  const queries = Array.from(new Set(all.map((each) => each.query))).sort();
  return queries
    .filter((each) => query === null || each === query)
    .map((each) => ({
      query: each,
      hidden: 0,
      judgements: all
        .filter((judgement) => judgement.query === each)
        .map(({ label, document_id, start, end }) => ({
          label: label ?? "good",
          document_id,
          source: "handbook",
          path: state.documents.get(document_id)?.path ?? "",
          digest: DIGEST,
          start,
          end,
          text: chunksOf(document_id).text.slice(start, end),
          present: true,
          judged_at: now(),
        })),
    }));
}

export function scoresOf(state: State, name: string) {
  const each = itemsOf(state, name, null).map(({ query, judgements }) => {
    const found = search(state, "handbook", query);
    const rankOf = (id: string, start: number) => {
      const at = found.findIndex((passage) => passage.document_id === id && passage.start === start);
      return at < 0 ? null : at + 1;
    };
    const of = (label: string) =>
      judgements
        .filter((judgement) => judgement.label === label)
        .map((judgement) => rankOf(judgement.document_id, judgement.start));
    return { query, ranks: of("good"), bad: of("bad").filter((rank) => rank !== null) };
  });
  const good = each.filter(({ ranks }) => ranks.length > 0);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const within = (k: number) =>
    mean(good.map(({ ranks }) => ranks.filter((rank) => rank !== null && rank <= k).length / ranks.length));
  return {
    queries: good.length,
    recall: good.length ? { 1: within(1), 3: within(3), 10: within(10) } : null,
    mrr: good.length ? mean(good.map(({ ranks }) => 1 / (ranks[0] ?? Infinity))) : null,
    bad: each.length ? mean(each.map(({ bad }) => bad.length)) : null,
    reranked: 0,
    not_reranked: [],
    each,
  };
}

export function collectionUsage(collection: string): CollectionUsage {
  if (collection !== "handbook")
    return { questions: 0, passages: 0, cited: 0, unanswered: 0, days: [], documents: [], hidden: 0 };
  const days = Array.from({ length: 20 }, (_, i) => {
    const questions = 8 + ((i * 7) % 23);
    return {
      day: new Date(Date.now() - (19 - i) * 86_400_000).toISOString().slice(0, 10),
      questions,
      passages: questions * 5,
      cited: questions + (i % 5),
      unanswered: i % 4,
    };
  });
  const sum = (of: (day: (typeof days)[number]) => number) => days.reduce((all, day) => all + of(day), 0);
  return {
    questions: sum((day) => day.questions),
    passages: sum((day) => day.passages),
    cited: sum((day) => day.cited),
    unanswered: sum((day) => day.unanswered),
    days,
    documents: [
      { id: "doc-travel", title: "Travel Policy", path: "policies/travel-policy.pdf", answers: 181, passages: 204 },
      { id: "doc-lab", title: "Laboratory Safety", path: "safety/laboratory-safety.docx", answers: 67, passages: 70 },
    ],
    hidden: 1,
  };
}

/** The travel policy and the laboratory's share a name, in their last paragraphs. */
export function linksOf(passage: string): PassageLink[] {
  const other = { "doc-travel": "doc-lab", "doc-lab": "doc-travel" }[passage.slice(0, passage.lastIndexOf("."))];
  const page = pages.find(({ document }) => document.id === other);
  const chunk = other && chunksOf(other).chunks.at(-1);
  if (!page || !chunk) return [];
  const { id, start, end, text } = chunk;
  const { title, path } = page.document;
  const passages = [{ id, document_id: page.document.id, title, path, heading: page.heading, page: page.page, start, end, text }];
  return [
    { name: "department head", about: false, passages, more: true },
    { name: `/${path}`, about: false, passages, more: false },
  ];
}
