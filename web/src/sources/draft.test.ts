import { describe, expect, it } from "vitest";
import { newDraft, resourceOf } from "./draft";

describe("resourceOf", () => {
  it("leaves out what is empty or usual", () => {
    const draft = { ...newDraft(), name: " wiki ", origin: { path: "/srv/wiki", rights: "sidecar" } };
    expect(resourceOf(draft, "handbook")).toEqual({
      kind: "Source",
      name: "wiki",
      collection: "handbook",
      origin: { type: "folder", path: "/srv/wiki" },
      every: "15m",
    });
  });

  it("takes lists, numbers and pairs apart", () => {
    const sql = { ...newDraft("sql"), name: "s", origin: { query: "SELECT 1", id_column: "id", text_columns: "a, b" } };
    expect(resourceOf(sql, "c").origin).toEqual({ type: "sql", query: "SELECT 1", id_column: "id", text_columns: ["a", "b"] });
    const site = { ...newDraft("website"), name: "s", origin: { url: "https://x/", most_pages: "50", requests_per_s: "many" } };
    expect(resourceOf(site, "c").origin).toEqual({ type: "website", url: "https://x/", most_pages: 50, requests_per_s: "many" });
    const plugin = { ...newDraft("plugin"), name: "s", origin: { plugin: "attic", options: "space = DOCS\nq=a=b\n" } };
    expect(resourceOf(plugin, "c").origin).toEqual({ type: "plugin", plugin: "attic", options: { space: "DOCS", q: "a=b" } });
  });

  it("says neither when nor how often of what is sent", () => {
    const push = { ...newDraft("folder"), name: "in", type: "push", window: "22:00-06:00", watch: true };
    expect(resourceOf(push, "c")).toEqual({ kind: "Source", name: "in", collection: "c", origin: { type: "push" } });
  });

  it("names a time zone only beside a window", () => {
    const timed = { ...newDraft(), name: "w", window: "22:00-06:00", time_zone: "Europe/Berlin", allow: "group:hr, public" };
    expect(resourceOf(timed, "c")).toMatchObject({
      window: "22:00-06:00",
      time_zone: "Europe/Berlin",
      allow: ["group:hr", "public"],
    });
    expect(resourceOf({ ...timed, window: "" }, "c")).not.toHaveProperty("time_zone");
  });
});
