import { describe, expect, it } from "vitest";
import { filterIn, isFiltered, searchOf, sinceOf } from "./filter";

describe("filterIn", () => {
  it("reads what the address says and takes nothing for granted", () => {
    const filter = filterIn(new URLSearchParams("status=error&slow=500&text=time&since=7d&odd=1"));
    expect(filter).toEqual({ since: "7d", status: "error", model: "", team: "", slow: "500", text: "time" });
    expect(filterIn(new URLSearchParams("status=odd&slow=fast&since=year"))).toEqual(filterIn(new URLSearchParams()));
  });

  it("comes back as it went, without what is usual", () => {
    const search = "since=7d&status=error&text=time";
    expect(searchOf(filterIn(new URLSearchParams(search))).toString()).toBe(search);
    expect(searchOf(filterIn(new URLSearchParams())).toString()).toBe("");
  });

  it("is one when it leaves something out besides what is old", () => {
    expect(isFiltered(filterIn(new URLSearchParams("since=7d")))).toBe(false);
    expect(isFiltered(filterIn(new URLSearchParams("team=lab")))).toBe(true);
  });
});

describe("sinceOf", () => {
  it("is the same within a minute", () => {
    const filter = filterIn(new URLSearchParams("since=1h"));
    const now = Date.parse("2031-03-05T12:00:10Z");
    expect(sinceOf(filter, now)).toBe("2031-03-05T11:00:00.000Z");
    expect(sinceOf(filter, now + 40_000)).toBe(sinceOf(filter, now));
  });
});
