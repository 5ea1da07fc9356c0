/** Evaluation sets of a collection, what is in them, and how well the search does by one. */
import { type QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { components } from "../api/schema";
import type { EvaluationSet } from "../api/types";

type Sets = components["schemas"]["Page_EvaluationSetView_"];

const setsKey = (collection: string) => ["evaluation-sets", collection];

export function useEvaluationSets(collection: string) {
  return useQuery({
    queryKey: setsKey(collection),
    queryFn: () => bodyOf(api.GET("/api/evaluation-sets", { params: { query: { collection, limit: 200 } } })),
    select: ({ data }) => data,
  });
}

export function useNewSet(collection: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => bodyOf(api.POST("/api/evaluation-sets", { body: { name, collection, description: "" } })),
    onSuccess: (made) => change(queries, collection, (sets) => [...sets, made]),
  });
}

export function useDeleteSet(collection: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => bodyOf(api.DELETE("/api/evaluation-sets/{name}", { params: { path: { name } } })),
    onSuccess: (_, name) => change(queries, collection, (sets) => sets.filter((each) => each.name !== name)),
  });
}

/** Known at once; the list is asked for again beside it, and waited for by nobody. */
function change(queries: QueryClient, collection: string, to: (sets: EvaluationSet[]) => EvaluationSet[]): void {
  queries.setQueryData<Sets>(setsKey(collection), (known) => known && { ...known, data: to(known.data) });
  void queries.invalidateQueries({ queryKey: setsKey(collection) });
}

export function useItems(set: string) {
  return useInfiniteQuery({
    queryKey: ["items", set],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      bodyOf(api.GET("/api/evaluation-sets/{name}/items", { params: { path: { name: set }, query: { cursor: pageParam } } })),
    getNextPageParam: (page) => page.next_cursor,
  });
}

const OFF = "off";

/** Of the search as the collection says; or, with a rerank model, in its order and beside it without any. */
export function useScores(set: string) {
  return useMutation({
    mutationFn: async (rerank: string | null) => {
      const by = (model: string | null) =>
        bodyOf(
          api.POST("/api/evaluation-sets/{name}/scores", { params: { path: { name: set } }, body: { limit: 10, rerank: model } }),
        );
      return { scores: await by(rerank), without: rerank === null ? null : await by(OFF) };
    },
  });
}

export function useCollectionUsage(collection: string, days: number) {
  return useQuery({
    queryKey: ["collection-usage", collection, days],
    queryFn: () => {
      const from = new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
      return bodyOf(api.GET("/api/collections/{name}/usage", { params: { path: { name: collection }, query: { from } } }));
    },
  });
}

/** A share as people read it: `83 %`. */
export const percent = (share: number): string => `${Math.round(share * 100)} %`;
