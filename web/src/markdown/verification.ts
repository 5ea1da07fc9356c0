/** Sentences of an answer that no passage supports: a remark plugin puts each into an element of its own. */
import type { SentenceCheck } from "../api/types";
import type { Parents, PhrasingContent, Root, RootContent, Text } from "mdast";

/** A range of the text as JavaScript counts it. */
export interface Mark {
  start: number;
  end: number;
  state: "unsupported" | "uncited";
  /** Why, for whoever points at it or reads it with a screen reader. */
  why: string;
}

/** The sentences to be marked. The API counts characters, and JavaScript those beyond the basic plane twice. */
export function marksOf(text: string, sentences: readonly SentenceCheck[], isPassage: (n: number) => boolean): Mark[] {
  const signs = Array.from(text);
  const isPlain = signs.length === text.length;
  const offset = (at: number) => (isPlain ? at : signs.slice(0, at).join("").length);
  return sentences.flatMap((sentence): Mark[] => {
    const { state } = sentence;
    if (state === "supported") return [];
    return [{ start: offset(sentence.start), end: offset(sentence.end), state, why: whyOf(sentence, isPassage) }];
  });
}

/** What is wrong with a sentence, in one of its own. */
export function whyOf(
  { state, numbers, missing }: Omit<SentenceCheck, "start" | "end">,
  isPassage: (n: number) => boolean,
): string {
  if (state === "uncited") return "This sentence names no passage that it rests on.";
  if (!numbers.some(isPassage)) return `There is no passage ${numbers.join(", ")}.`;
  const places = `${numbers.length === 1 ? "Passage" : "Passages"} ${numbers.join(", ")}`;
  const verb = numbers.length === 1 ? "does" : "do";
  const what = missing.length > 0 ? `${missing.map((each) => `“${each}”`).join(", ")} there` : "this";
  return `${places} ${verb} not say ${what}.`;
}

/** A remark plugin. Each piece of a marked sentence becomes `<mark data-mark="0">`, its place in `marks`; the first is told apart. */
export function remarkVerification({ marks }: { marks: readonly Mark[] }) {
  return (tree: Root) => {
    if (marks.length > 0) markIn(tree, marks, new Set());
  };
}

function markIn(parent: Parents, marks: readonly Mark[], begun: Set<number>): void {
  parent.children = (parent.children as RootContent[]).flatMap((child): RootContent[] => {
    if (child.type === "text") return cut(child, marks, begun);
    if ("children" in child) markIn(child, marks, begun);
    return [child];
  });
}

function cut(node: Text, marks: readonly Mark[], begun: Set<number>): PhrasingContent[] {
  const [from, to] = [node.position?.start.offset, node.position?.end.offset];
  if (from === undefined || to === undefined) return [node];
  // Where signs are escaped, the text is shorter than its source: then all of the piece is marked, or none of it.
  const isWhole = to - from !== node.value.length;
  const pieces: PhrasingContent[] = [];
  let at = from;
  marks.forEach(({ start, end }, number) => {
    const [first, last] = [Math.max(start, at), Math.min(end, to)];
    if (first >= last) return;
    if (isWhole) {
      if (pieces.length === 0) pieces.push(marked([node], number, begun));
      return;
    }
    if (first > at) pieces.push(textOf(node.value.slice(at - from, first - from)));
    pieces.push(marked([textOf(node.value.slice(first - from, last - from))], number, begun));
    at = last;
  });
  if (isWhole) return pieces.length > 0 ? pieces : [node];
  if (at < to) pieces.push(textOf(node.value.slice(at - from)));
  return pieces;
}

const textOf = (value: string): Text => ({ type: "text", value });

function marked(children: PhrasingContent[], number: number, begun: Set<number>): PhrasingContent {
  const first = begun.has(number) ? {} : { "data-first": "" };
  begun.add(number);
  return { type: "emphasis", children, data: { hName: "mark", hProperties: { "data-mark": number, ...first } } };
}
