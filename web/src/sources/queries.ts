/** Sources of a collection, their syncs, and what can be done about them. */
import { type QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { components } from "../api/schema";
import type { ResourceFields, Source } from "../api/types";

type Resource = components["schemas"]["Resource"];
type SourceResource = components["schemas"]["Resource.Source"];

const sourcesKey = ["sources"];
const LOOK_EVERY_MS = 2_000;
const IDLE_MS = 15_000;

export const isSyncing = ({ last_sync: last }: Source): boolean => last?.state === "running";

/** Asked again by itself: often while one is syncing, now and then otherwise. */
export function useSources(collection: string) {
  return useQuery({
    queryKey: sourcesKey,
    queryFn: () => bodyOf(api.GET("/api/sources", { params: { query: { limit: 200 } } })),
    select: ({ data }) => data.filter((source) => source.collection === collection),
    refetchInterval: ({ state }) => (state.data?.data.some(isSyncing) ? LOOK_EVERY_MS : IDLE_MS),
  });
}

export function useSource(name: string) {
  return useQuery({
    queryKey: [...sourcesKey, name],
    queryFn: () => bodyOf(api.GET("/api/sources/{name}", { params: { path: { name } } })),
    refetchInterval: ({ state }) => (state.data && isSyncing(state.data) ? LOOK_EVERY_MS : IDLE_MS),
  });
}

export function useSyncs(name: string, lastId: string | undefined, isRunning: boolean) {
  return useInfiniteQuery({
    queryKey: [...sourcesKey, name, "syncs", lastId, isRunning],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      bodyOf(api.GET("/api/sources/{name}/syncs", { params: { path: { name }, query: { cursor: pageParam, limit: 20 } } })),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (previous) => previous,
  });
}

/** How far the job of a sync is. */
export function useSyncJob(id: string | null) {
  return useQuery({
    enabled: id !== null,
    queryKey: ["sync-job", id],
    queryFn: () => bodyOf(api.GET("/api/jobs/{id}", { params: { path: { id: id ?? "" } } })),
    refetchInterval: LOOK_EVERY_MS,
  });
}

export function useSync(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (confirmRemovals: boolean) =>
      bodyOf(api.POST("/api/sources/{name}/syncs", { params: { path: { name } }, body: { confirm_removals: confirmRemovals } })),
    onSettled: () => refresh(queries),
  });
}

export function useCancelSync() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => bodyOf(api.POST("/api/jobs/{id}/cancel", { params: { path: { id } } })),
    onSettled: () => refresh(queries),
  });
}

/** By name, or as one is drawn up. */
export function useTest() {
  return useMutation({
    mutationFn: (asked: { name: string } | { source: ResourceFields }) =>
      bodyOf(
        api.POST("/api/source-tests", { body: "name" in asked ? asked : { source: asked.source as unknown as SourceResource } }),
      ),
  });
}

export function useApplySource() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (source: ResourceFields) => apply(source),
    onSuccess: () => void refresh(queries),
  });
}

/** As it was applied, with another answer to whether it syncs by itself. */
export function usePause(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (paused: boolean) => {
      const path = { kind: "Source" as const, name };
      const source = await bodyOf(api.GET("/api/resources/{kind}/{name}", { params: { path } }));
      await apply({ ...(source as ResourceFields), paused });
    },
    onSettled: () => refresh(queries),
  });
}

export function useRemoveSource() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      bodyOf(api.DELETE("/api/resources/{kind}/{name}", { params: { path: { kind: "Source", name } } })),
    onSuccess: () => void refresh(queries),
  });
}

async function apply(source: ResourceFields) {
  // The document says of fields with a default that they are there; they may be left out.
  const body = { resources: [source as unknown as Resource], dry_run: false };
  return bodyOf(api.POST("/api/resources/apply", { body }));
}

const refresh = (queries: QueryClient) =>
  Promise.all([sourcesKey, ["collections"], ["documents"]].map((queryKey) => queries.invalidateQueries({ queryKey })));
