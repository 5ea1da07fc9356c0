/** The versions of a collection's index, and what can be done about them. */
import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { Index, Job } from "../api/types";

const indexesKey = (collection: string) => ["indexes", collection];
const LOOK_EVERY_MS = 2_000;
const IDLE_MS = 15_000;

/** Whether something is under way of its own accord. */
const isMoving = ({ state, lacking }: Index): boolean => state === "building" || (state === "serving" && lacking > 0);

export function useIndexes(collection: string) {
  return useQuery({
    queryKey: indexesKey(collection),
    queryFn: () => bodyOf(api.GET("/api/collections/{name}/indexes", { params: { path: { name: collection } } })),
    refetchInterval: ({ state }) => (state.data?.data.some(isMoving) ? LOOK_EVERY_MS : IDLE_MS),
  });
}

/** The last job that worked on a version; null when it is gone, or not the reader's to see. */
export function useIndexJob({ job_id: id, state }: Index): Job | null | undefined {
  const job = useQuery({
    enabled: id !== null && state !== "dropped",
    queryKey: ["index-job", id],
    queryFn: () => bodyOf(api.GET("/api/jobs/{id}", { params: { path: { id: id ?? "" } } })),
    refetchInterval: (query) => (query.state.data && !query.state.data.ended_at ? LOOK_EVERY_MS : false),
    retry: false,
  });
  return id === null || job.isError ? null : job.data;
}

export function useBuild(collection: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => bodyOf(api.POST("/api/collections/{name}/indexes", { params: { path: { name: collection } } })),
    onSettled: () => void refreshIndexes(queries, collection),
  });
}

export function useCompare(collection: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (version: number) =>
      bodyOf(api.POST("/api/collections/{name}/indexes/{version}/compare", { params: { path: { name: collection, version } } })),
    onSettled: () => void refreshIndexes(queries, collection),
  });
}

export function useSwitch(collection: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ version, unlessWorse }: { version: number; unlessWorse: boolean }) =>
      bodyOf(
        api.POST("/api/collections/{name}/indexes/{version}/switch", {
          params: { path: { name: collection, version } },
          body: { unless_worse: unlessWorse, tolerance: 0 },
        }),
      ),
    onSettled: () => void refreshIndexes(queries, collection),
  });
}

export function useRollBack(collection: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => bodyOf(api.POST("/api/collections/{name}/indexes/rollback", { params: { path: { name: collection } } })),
    onSettled: () => void refreshIndexes(queries, collection),
  });
}

/** Ask again for what a change of the index may have changed. */
export const refreshIndexes = (queries: QueryClient, collection: string) =>
  Promise.all(
    [indexesKey(collection), ["index-job"], ["collections"], ["documents", collection], ["jobs", collection]].map((queryKey) =>
      queries.invalidateQueries({ queryKey }),
    ),
  );
