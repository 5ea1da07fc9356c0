/** Citations in an answer's text: `[2]` becomes an element of its own, except in code and links. */
import type { Parents, PhrasingContent, Root, RootContent, Text } from "mdast";

const NUMBER = /\[(\d{1,3})\]/g;

export type Piece = string | { cite: number };

/** The text cut at its citations. A number that `isCited` does not know stays text. */
export function splitCitations(text: string, isCited: (n: number) => boolean): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(NUMBER)) {
    const n = Number(match[1]);
    if (!isCited(n)) continue;
    if (match.index > from) pieces.push(text.slice(from, match.index));
    pieces.push({ cite: n });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

/** A remark plugin. Each citation becomes `<cite data-n="2">`, which the page shows as a chip. */
export function remarkCitations({ isCited }: { isCited: (n: number) => boolean }) {
  return (tree: Root) => replaceIn(tree, isCited);
}

function replaceIn(parent: Parents, isCited: (n: number) => boolean): void {
  if (parent.type === "link" || parent.type === "linkReference") return;
  const children = (parent.children as RootContent[]).flatMap((child): RootContent[] => {
    if (child.type === "text") return splitCitations(child.value, isCited).map(nodeOf);
    if ("children" in child) replaceIn(child, isCited);
    return [child];
  });
  parent.children = children;
}

function nodeOf(piece: Piece): PhrasingContent {
  if (typeof piece === "string") return { type: "text", value: piece };
  const number: Text = { type: "text", value: String(piece.cite) };
  return {
    type: "emphasis",
    children: [number],
    data: { hName: "cite", hProperties: { "data-n": piece.cite } },
  };
}
