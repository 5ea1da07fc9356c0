/** The reader: a document's text in the pieces in which the index holds it, and what stands between them. */
import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { Chunk, ChunkPage, PassageLink } from "../api/types";

/** `chunk` is null for text that no chunk holds. */
export interface Piece {
  chunk: Chunk | null;
  /** From 1, over the whole document. */
  number: number;
  /** The headings above it, where they are others than those of the chunk before. */
  heading: string;
  text: string;
}

/** Text and chunks of one page, in order. Chunks that overlap share no text here: the earlier one keeps it. */
export function piecesOf({ text, offset, data, before }: Pick<ChunkPage, "text" | "offset" | "data" | "before">): Piece[] {
  const pieces: Piece[] = [];
  let at = offset;
  const upTo = (end: number) => {
    const between = text.slice(at - offset, end - offset);
    if (between.trim()) pieces.push({ chunk: null, number: 0, heading: "", text: between.trim() });
  };
  for (const [i, chunk] of data.entries()) {
    upTo(chunk.start);
    const start = Math.max(at, chunk.start);
    pieces.push({
      chunk,
      number: before + i + 1,
      heading: headingOf(chunk, data[i - 1]),
      text: text.slice(start - offset, chunk.end - offset),
    });
    at = Math.max(at, chunk.end);
  }
  upTo(offset + text.length);
  return pieces;
}

function headingOf(chunk: Chunk, before: Chunk | undefined): string {
  const heading = chunk.heading.join(" › ");
  return heading === before?.heading.join(" › ") ? "" : heading;
}

/** All pages that were loaded, as one run of pieces. */
export const allPieces = (data: InfiniteData<ChunkPage> | undefined): Piece[] => data?.pages.flatMap(piecesOf) ?? [];

/** `at` is the character that the first page holds. */
export function useChunks(id: string, at: number | null) {
  return useInfiniteQuery({
    queryKey: ["chunks", id, at],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      bodyOf(
        api.GET("/api/documents/{id}/chunks", {
          params: { path: { id }, query: { cursor: pageParam, at: pageParam === null ? at : undefined } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    getPreviousPageParam: (page) => page.previous_cursor,
  });
}

export function useDocument(id: string) {
  return useQuery({
    queryKey: ["document", id],
    queryFn: () => bodyOf(api.GET("/api/documents/{id}", { params: { path: { id } } })),
  });
}

export function useVersions(id: string) {
  return useQuery({
    queryKey: ["versions", id],
    queryFn: () => bodyOf(api.GET("/api/documents/{id}/versions", { params: { path: { id } } })),
  });
}

/** Where the graph leads from a passage. */
export function useLinks(passage: string) {
  return useQuery({
    queryKey: ["links", passage],
    queryFn: () => bodyOf(api.GET("/api/passages/{id}/links", { params: { path: { id: passage } } })),
    select: ({ links }) => wholeNames(links),
  });
}

/** Without names that are part of a longer one and lead nowhere else: `lovelace` beside `ada lovelace`. */
export function wholeNames(links: PassageLink[]): PassageLink[] {
  const isPartOf = (link: PassageLink, other: PassageLink) =>
    other.name.length > link.name.length &&
    ` ${other.name} `.includes(` ${link.name} `) &&
    !link.more &&
    link.passages.every(({ id }) => other.passages.some((each) => each.id === id));
  return links.filter((link) => !links.some((other) => isPartOf(link, other)));
}
