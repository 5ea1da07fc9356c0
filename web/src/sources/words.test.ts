import { describe, expect, it } from "vitest";
import type { Source, SourceSync } from "../api/types";
import { didOf, inTime, rhythmOf, stateOf } from "./words";

const sync = {
  state: "succeeded",
  added: 0,
  changed: 0,
  removed: 0,
  rights_moved: 0,
  failed: 0,
  held_back: 0,
} as unknown as SourceSync;
const source = { type: "folder", paused: false, every: "15m", watch: false, window: null, last_sync: sync } as unknown as Source;

describe("words of sources", () => {
  it("says the state in one word, syncing before paused before the last outcome", () => {
    expect(stateOf(source)).toBe("succeeded");
    expect(stateOf({ ...source, paused: true })).toBe("paused");
    expect(stateOf({ ...source, paused: true, last_sync: { ...sync, state: "running" } })).toBe("syncing");
    expect(stateOf({ ...source, last_sync: null })).toBe("new");
  });

  it("tells what a sync did and leaves out what it did not", () => {
    expect(didOf(sync)).toBe("Nothing to do");
    expect(didOf({ ...sync, added: 1200, rights_moved: 1 })).toBe("1,200 added, 1 with other rights");
    expect(didOf({ ...sync, state: "running" })).toBe("");
  });

  it("tells how often it looks", () => {
    expect(rhythmOf(source)).toBe("Every 15m");
    expect(rhythmOf({ ...source, watch: true, window: "22:00-06:00" })).toBe(
      "As soon as something changes and every 15m, fetching 22:00-06:00",
    );
    expect(rhythmOf({ ...source, every: null })).toBe("Only when asked");
    expect(rhythmOf({ ...source, type: "push" })).toBe("When documents are sent");
  });

  it("tells how long until a moment", () => {
    const now = Date.parse("2026-03-01T10:00:00Z");
    expect(inTime("2026-03-01T10:00:30Z", now)).toBe("in a moment");
    expect(inTime("2026-03-01T10:15:00Z", now)).toBe("in 15 min");
    expect(inTime("2026-03-01T22:00:00Z", now)).toBe("in 12 h");
    expect(inTime("2026-03-05T10:00:00Z", now)).toBe("in 4 days");
  });
});
