import { describe, expect, it } from "vitest";
import { draftOf, newDraft, resourceOf, words } from "./draft";

const PLAIN = { kind: "Route", name: "best", targets: [{ model: "gpt" }] };
const EVERYTHING = {
  kind: "Route",
  name: "best",
  description: "The best there is",
  strategy: "tagged",
  sticky: true,
  targets: [
    { model: "a", weight: 95, arm: "stable", tags: ["eu", "fast"] },
    { model: "b", weight: 0 },
  ],
  fallback: ["c", { model: "d", on: ["context_window"] }],
  retries: { attempts: 2, on: ["timeout"], wait_s: 0.5, most_wait_s: 9, budget: 0.1 },
  breaker: { failures: 3, cooldown_s: 4, most_cooldown_s: 60 },
  timeouts: { first_token_s: 2.5, idle_s: 3, total_s: 60, min_tokens_per_s: 5 },
  hedge: { after_s: 1.5, least_s: 0.1 },
  shadow: { model: "e", share: 0.1 },
  cache_ttl_s: 60,
  teams: ["research"],
};

describe("a route through the editor", () => {
  const cached = [
    { ttl_s: 60, max_temperature: 0, shared: "key", semantic: true, similarity: 0.95 },
    { shared: "key" },
    { max_temperature: 1 },
    { semantic: true },
  ].map((cache) => ({ ...PLAIN, cache }));
  it.each([PLAIN, EVERYTHING, ...cached])("comes out as it went in", (route) =>
    expect(resourceOf(draftOf(route))).toEqual(route),
  );

  it("leaves out what has its default", () => {
    const route = {
      ...PLAIN,
      sticky: false,
      fallback: [{ model: "c", on: ["not_found", "rate_limit", "timeout", "server_error", "credentials"] }],
      retries: { attempts: 0, budget: 0.2 },
      hedge: { after_s: null },
      shadow: { model: "e" },
      teams: null,
    };
    expect(resourceOf(draftOf(route))).toEqual({ ...PLAIN, fallback: ["c"], hedge: {}, shadow: { model: "e" } });
  });

  it("says nothing of how long answers are kept when they are not", () => {
    const draft = { ...draftOf({ ...PLAIN, cache_ttl_s: 60 }), cache: null };
    expect(resourceOf(draft)).toEqual({ ...PLAIN, cache: false });
  });

  it("says how long answers are kept in the short way where that is all there is to say", () => {
    expect(resourceOf(draftOf({ ...PLAIN, cache: { ttl_s: 60, shared: "team" } }))).toEqual({ ...PLAIN, cache_ttl_s: 60 });
    expect(resourceOf(draftOf({ ...PLAIN, cache: true }))).toEqual(PLAIN);
  });

  it("is a name and one empty target when it is new", () => {
    expect(resourceOf({ ...newDraft(), name: " fast " })).toEqual({ kind: "Route", name: "fast", targets: [{ model: "" }] });
  });

  it("sends what is no number as it is, and nothing for an empty optional number", () => {
    const draft = draftOf(PLAIN);
    const targets = draft.targets.map((target) => ({ ...target, weight: "many" }));
    const typed = { ...draft, targets, timeouts: { ...draft.timeouts, idle_s: "soon" } };
    expect(resourceOf(typed)).toEqual({ ...PLAIN, targets: [{ model: "gpt", weight: "many" }], timeouts: { idle_s: "soon" } });
  });
});

it("names are told apart by commas and spaces", () => expect(words(" eu,fast  cheap ,")).toEqual(["eu", "fast", "cheap"]));
