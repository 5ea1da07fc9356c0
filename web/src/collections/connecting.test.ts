import { expect, it } from "vitest";
import { waysTo } from "./connecting";

const ways = waysTo("hand.book", "https://stoa.example");

it("names the collection and the address wherever they belong", () => {
  const texts = Object.fromEntries(ways.map(({ id, text }) => [id, text]));
  expect(texts["curl"]).toContain("https://stoa.example/api/collections/hand.book/search");
  expect(texts["openai-search"]).toContain('client.vector_stores.search("hand.book"');
  expect(texts["openai-answer"]).toContain('"vector_store_ids": ["hand.book"]');
});

it("configures the Model Context Protocol with JSON that can be read", () => {
  for (const { id, language, text } of ways) {
    if (language !== "json") continue;
    const read = JSON.parse(text) as { mcpServers: { stoa: { url?: string; env?: Record<string, string> } } };
    const { stoa } = read.mcpServers;
    expect(stoa.url ?? stoa.env?.["STOA_URL"], id).toContain("https://stoa.example");
  }
});

it("puts no key into anything", () => {
  expect(ways.map(({ text }) => text).join("\n")).not.toMatch(/sk-stoa-[A-Za-z0-9]/);
});
