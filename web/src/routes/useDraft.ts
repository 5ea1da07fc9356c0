/** The draft of one resource. It outlives a visit to another screen, and is forgotten when somebody else signs in. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ResourceFields } from "../api/types";
import { type Draft, draftOf, newDraft, resourceOf } from "./draft";

/** How a kind of resource is edited. */
export interface Shape<D> {
  kind: string;
  begin: (resource: ResourceFields | null) => D;
  resourceOf: (draft: D) => ResourceFields;
}

const ROUTE: Shape<Draft> = { kind: "route", begin: (route) => (route ? draftOf(route) : newDraft()), resourceOf };

export const useDraft = (route: ResourceFields | null) => useDraftOf(ROUTE, route);

export function useDraftOf<D>({ kind, begin, resourceOf }: Shape<D>, route: ResourceFields | null) {
  const queries = useQueryClient();
  const key = [`${kind}-draft`, route?.name ?? null];
  const [base, setBase] = useState(route);
  const [draft, keep] = useState<D>(() => queries.getQueryData<D>(key) ?? begin(route));
  const isChanged = !isSame(resourceOf(draft), resourceOf(begin(base)));
  const isOutdated = !isSame(route, base);

  // Changed elsewhere: taken over at once, unless that would undo what was typed here.
  if (isOutdated && !isChanged) {
    setBase(route);
    keep(begin(route));
  }
  const setDraft = (next: D) => {
    keep(next);
    queries.setQueryDefaults(key, { gcTime: Infinity });
    queries.setQueryData(key, next);
  };
  const reset = (to: ResourceFields | null) => {
    setBase(to);
    keep(begin(to));
    queries.removeQueries({ queryKey: key, exact: true });
  };
  return { draft, setDraft, isChanged, isOutdated: isOutdated && isChanged, latest: route, reset };
}

/** The same fields with the same values, in whatever order. */
function isSame(some: unknown, others: unknown): boolean {
  return canonical(some) === canonical(others);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => a.localeCompare(b)))
      : each,
  );
}
