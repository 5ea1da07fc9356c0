import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { Document } from "../api/types";

export type DocumentState = Document["state"];

export const collectionsKey = ["collections"];
const documentsKey = (collection: string) => ["documents", collection];
const jobsKey = (collection: string) => ["jobs", collection];

export function useCollections() {
  return useQuery({
    queryKey: collectionsKey,
    queryFn: () => bodyOf(api.GET("/api/collections", { params: { query: { limit: 200 } } })),
  });
}

export function useDocuments(collection: string, search: string, state: DocumentState | "") {
  return useInfiniteQuery({
    queryKey: [...documentsKey(collection), search, state],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      bodyOf(
        api.GET("/api/collections/{name}/documents", {
          params: {
            path: { name: collection },
            query: { search: search || undefined, state: state || undefined, cursor: pageParam },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (previous, query) => (query?.queryKey[1] === collection ? previous : undefined),
  });
}

/** The jobs of a collection that have not ended. */
export function useOpenJobs(collection: string, enabled: boolean) {
  return useQuery({
    enabled,
    queryKey: jobsKey(collection),
    queryFn: () => bodyOf(api.GET("/api/jobs", { params: { query: { limit: 200 } } })),
    select: ({ data }) => data.filter((job) => job.collection === collection && !job.ended_at),
  });
}

/** Ask again for what a job may have changed. */
export function useRefreshCollection(collection: string) {
  const queries = useQueryClient();
  return () =>
    Promise.all(
      [collectionsKey, documentsKey(collection), jobsKey(collection)].map((queryKey) => queries.invalidateQueries({ queryKey })),
    );
}

export function useRemoveDocument() {
  return useMutation({
    mutationFn: (id: string) => bodyOf(api.DELETE("/api/documents/{id}", { params: { path: { id } } })),
  });
}

export function useCancelJob() {
  return useMutation({
    mutationFn: (id: string) => bodyOf(api.POST("/api/jobs/{id}/cancel", { params: { path: { id } } })),
  });
}
