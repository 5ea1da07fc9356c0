/** What of all requests is listed: it stands in the page's address, so that it can be gone back to and shared. */

type Status = "" | "ok" | "error" | "refused";

export interface Filter {
  since: string;
  status: Status;
  model: string;
  team: string;
  /** Milliseconds, at least. */
  slow: string;
  text: string;
}

export const SPANS = [
  { id: "1h", name: "An hour", ms: 3_600_000 },
  { id: "1d", name: "A day", ms: 86_400_000 },
  { id: "7d", name: "7 days", ms: 7 * 86_400_000 },
  { id: "30d", name: "30 days", ms: 30 * 86_400_000 },
];

export const STATUSES: { id: Status; name: string }[] = [
  { id: "", name: "All" },
  { id: "ok", name: "Answered" },
  { id: "error", name: "Failed" },
  { id: "refused", name: "Refused" },
];

const NONE: Filter = { since: "1d", status: "", model: "", team: "", slow: "", text: "" };
const NAMES = Object.keys(NONE) as (keyof Filter)[];

export function filterIn(search: URLSearchParams): Filter {
  const said = (name: keyof Filter) => search.get(name) ?? "";
  return {
    since: SPANS.find(({ id }) => id === said("since"))?.id ?? NONE.since,
    status: STATUSES.find(({ id }) => id === said("status"))?.id ?? NONE.status,
    model: said("model"),
    team: said("team"),
    slow: /^\d+(\.\d+)?$/.test(said("slow")) ? said("slow") : NONE.slow,
    text: said("text"),
  };
}

export function searchOf(filter: Filter): URLSearchParams {
  return new URLSearchParams(NAMES.filter((name) => filter[name] !== NONE[name]).map((name) => [name, filter[name].trim()]));
}

export const isFiltered = (filter: Filter): boolean => NAMES.some((name) => name !== "since" && filter[name] !== NONE[name]);

/** To the minute, so that the same list is asked for under the same name. */
export function sinceOf({ since }: Filter, now: number): string {
  const span = SPANS.find(({ id }) => id === since) ?? SPANS[1];
  return new Date(Math.floor((now - (span?.ms ?? 0)) / 60_000) * 60_000).toISOString();
}
