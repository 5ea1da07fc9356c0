import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Markdown } from "./Markdown";
import { marksOf, whyOf } from "./verification";

const isPassage = (n: number) => n < 3;
const sentence = (text: string, part: string, state: "supported" | "unsupported" | "uncited", missing: string[] = []) => {
  const start = Array.from(text.slice(0, text.indexOf(part))).length;
  return { start, end: start + Array.from(part).length, state, numbers: state === "uncited" ? [] : [1], missing };
};
const html = (text: string, ...sentences: ReturnType<typeof sentence>[]) =>
  renderToStaticMarkup(<Markdown text={text} isCited={isPassage} marks={marksOf(text, sentences, isPassage)} />);
const marked = (shown: string) =>
  [...shown.matchAll(/<mark[^>]*>(.*?)<\/mark>/g)].map(([, inner]) => (inner ?? "").replace(/<[^>]+>/g, ""));

describe("marks of an answer", () => {
  it("stand at the sentences that no passage supports", () => {
    const text = "Gloves cost 3 euros [1]. Coats are free.\n\n- Hats cost 9 euros [1].";
    const shown = html(
      text,
      sentence(text, "Gloves cost 3 euros [1].", "supported"),
      sentence(text, "Coats are free.", "uncited"),
      sentence(text, "Hats cost 9 euros [1].", "unsupported", ["9"]),
    );
    expect(marked(shown)).toEqual(["Coats are free.", "Hats cost 9 euros 1."]);
    expect(shown).toContain("Passage 1 does not say “9” there.");
    expect(shown).toContain("This sentence names no passage that it rests on.");
  });

  it("are one stop for the keyboard, however many pieces a sentence has", () => {
    const text = "Gloves **cost 9** euros [1].";
    const shown = html(text, sentence(text, text, "unsupported", ["9"]));
    expect(marked(shown)).toEqual(["Gloves ", "cost 9", " euros 1."]);
    expect(shown.match(/tabindex="0"/g)).toHaveLength(1);
  });

  it("count signs beyond the basic plane once, as the API does", () => {
    const text = "😀 fine [1]. Coats are free.";
    expect(marked(html(text, sentence(text, "Coats are free.", "uncited")))).toEqual(["Coats are free."]);
  });

  it("leave code alone and take a piece with escaped signs whole", () => {
    const text = "Gloves `cost 9` euros.\n\nCoats \\* are free. Hats too.";
    const shown = html(text, sentence(text, "Gloves `cost 9` euros.", "uncited"), sentence(text, "Hats too.", "uncited"));
    expect(marked(shown)).toEqual(["Gloves ", " euros.", "Coats * are free. Hats too."]);
  });

  it("say why", () => {
    const of = (numbers: number[], missing: string[] = []) => whyOf({ state: "unsupported", numbers, missing }, isPassage);
    expect(of([1, 2], ["9", "Larsen"])).toBe("Passages 1, 2 do not say “9”, “Larsen” there.");
    expect(of([1])).toBe("Passage 1 does not say this.");
    expect(of([7])).toBe("There is no passage 7.");
  });
});
