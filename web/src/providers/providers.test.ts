import { expect, it } from "vitest";
import type { Target } from "../api/types";
import { providersOf } from "./providers";

const target = (model: string, provider: string, health: Target["health"]): Target => ({
  model,
  provider,
  upstream_name: model,
  operation: "chat",
  description: "",
  built_in: false,
  price: null,
  context_tokens: null,
  health,
  health_note: "",
  usable_in_s: 0,
  figures: null,
});

const openai = {
  kind: "Provider",
  name: "openai",
  type: "openai",
  api_key: "********",
  headers: { "x-team": "********" },
  health: { path: "/models" },
};

it("a provider has its models, and is as well as the worst of them", () => {
  const targets = [target("a", "openai", "healthy"), target("b", "openai", "open"), target("c", "other", "healthy")];
  const [provider] = providersOf([openai], targets);
  expect(provider?.targets.map((each) => each.model)).toEqual(["a", "b"]);
  expect(provider?.health).toBe("open");
  expect(provider?.hasHealthCheck).toBe(true);
});

it("secrets are named and never shown", () => {
  const [provider] = providersOf([openai], []);
  expect(provider?.secrets).toEqual(["api_key", "x-team"]);
  expect(JSON.stringify(provider)).not.toContain("*");
});

it("the built-in provider is there although nobody applied it", () => {
  const all = providersOf([openai], [target("stoa-reader", "stoa-engine", "unknown")]);
  expect(all.map(({ name, isBuiltIn }) => [name, isBuiltIn])).toEqual([
    ["openai", false],
    ["stoa-engine", true],
  ]);
});
