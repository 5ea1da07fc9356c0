/** The draft of one route. It outlives a visit to another screen, and is forgotten when somebody else signs in. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ResourceFields } from "../api/types";
import { type Draft, draftOf, newDraft, resourceOf } from "./draft";

export function useDraft(route: ResourceFields | null) {
  const queries = useQueryClient();
  const key = ["route-draft", route?.name ?? null];
  const [base, setBase] = useState(route);
  const [draft, keep] = useState<Draft>(() => queries.getQueryData<Draft>(key) ?? begin(route));
  const isChanged = !isSame(resourceOf(draft), resourceOf(begin(base)));
  const isOutdated = !isSame(route, base);

  // Changed elsewhere: taken over at once, unless that would undo what was typed here.
  if (isOutdated && !isChanged) {
    setBase(route);
    keep(begin(route));
  }
  const setDraft = (next: Draft) => {
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

const begin = (route: ResourceFields | null) => (route ? draftOf(route) : newDraft());

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
