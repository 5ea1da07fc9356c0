import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Markdown } from "./Markdown";

const html = (text: string, onCite?: (n: number) => void) =>
  renderToStaticMarkup(<Markdown text={text} isCited={(n) => n < 3} onCite={onCite} />);

describe("Markdown", () => {
  it("shows HTML as text, never as markup", () => {
    const shown = html('<script>alert(1)</script> <img src=x onerror="alert(1)">');
    expect(shown).not.toMatch(/<script|<img/);
    expect(shown).toContain("&lt;script&gt;");
  });

  it("opens no address that could run a script", () => {
    expect(html("[a](javascript:alert(1)) [b](data:text/html,x)")).not.toMatch(/javascript:|data:/);
  });

  it("loads no image", () => {
    const shown = html("![plan](https://elsewhere.example/p.png)");
    expect(shown).not.toContain("<img");
    expect(shown).toContain("plan (image, not loaded)");
  });

  it("tells a link's host nothing of this page", () => {
    expect(html("[a](https://elsewhere.example)")).toContain('rel="noopener noreferrer nofollow"');
  });

  it("makes chips of citations in text and tables, not in code and links", () => {
    const shown = html("Gloves **[1]**[2].\n\n|a|\n|-|\n|x [1]|\n\n`[1]` [see [1]](https://elsewhere.example)", () => undefined);
    expect(shown.match(/aria-label="Source \d"/g)).toEqual([
      'aria-label="Source 1"',
      'aria-label="Source 2"',
      'aria-label="Source 1"',
    ]);
    expect(shown).toContain("<code>[1]</code>");
  });

  it("leaves a number without a source as it is", () => {
    expect(html("See [7].")).toContain("See [7].");
  });

  it("shows chips that do nothing until the passages have come", () => {
    expect(html("Gloves [1].")).toMatch(/<button[^>]*disabled/);
  });
});
