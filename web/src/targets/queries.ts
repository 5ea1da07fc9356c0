import { type QueryClient, useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { Change, ResourceFields, Target } from "../api/types";

export const resourcesKey = ["resources"];
const REFRESH_MS = 2_000;
const PAGE = 200;

/** Every model with its figures, as often as gateways report. What is shown stays while the next answer is under way. */
export function useTargets() {
  return useQuery({
    queryKey: ["targets"],
    queryFn: () => bodyOf(api.GET("/api/targets")),
    refetchInterval: REFRESH_MS,
  });
}

/** All resources of a kind that were applied, in the order of their names. */
export function useResources(kind: "Provider" | "Route" | "Guardrail" | "Assistant" | "Collection") {
  return useQuery({
    queryKey: [...resourcesKey, kind],
    queryFn: async () => {
      const found: ResourceFields[] = [];
      let cursor: string | null | undefined;
      do {
        const query = { kind, limit: PAGE, cursor };
        const page = await bodyOf(api.GET("/api/resources", { params: { query } }));
        found.push(...(page.data as ResourceFields[]));
        cursor = page.next_cursor;
      } while (cursor);
      return found;
    },
  });
}

/** What was saved is known to its list at once; whatever else it changes is asked for again, and waited for by nobody. */
export function takeOver(queries: QueryClient, { name, after }: Change): void {
  const saved = after as ResourceFields;
  queries.setQueryData<ResourceFields[]>([...resourcesKey, saved.kind], (all) => {
    const others = all?.filter((each) => each.name !== name);
    return others && [...others, saved].sort((a, b) => (a.name < b.name ? -1 : 1));
  });
  refresh(queries);
}

/** The catalog names the assistants, routes and models that one may ask; targets and collections are of resources too. */
export function refresh(queries: QueryClient): void {
  for (const queryKey of [resourcesKey, ["catalog"], ["targets"], ["collections"]]) void queries.invalidateQueries({ queryKey });
}

export const byModel = (targets: Target[]): Map<string, Target> => new Map(targets.map((each) => [each.model, each]));
