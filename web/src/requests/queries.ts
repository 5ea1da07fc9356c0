import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { Filter } from "./filter";
import { sinceOf } from "./filter";

/** The newest first, a page at a time. */
export function useRequests(filter: Filter) {
  return useInfiniteQuery({
    queryKey: ["requests", filter],
    queryFn: ({ pageParam }) => {
      const { status, model, team, slow, text } = filter;
      const query = {
        from: sinceOf(filter, Date.now()),
        status: status || undefined,
        model: model || undefined,
        team: team || undefined,
        min_ms: slow ? Number(slow) : undefined,
        text: text || undefined,
        cursor: pageParam ?? undefined,
      };
      return bodyOf(api.GET("/api/traces", { params: { query } }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (previous) => previous,
  });
}

export function useTrace(id: string) {
  return useQuery({
    queryKey: ["requests", "one", id],
    queryFn: () => bodyOf(api.GET("/api/traces/{id}", { params: { path: { id } } })),
  });
}

export const contentOf = (id: string) => bodyOf(api.GET("/api/traces/{id}/content", { params: { path: { id } } }));

/** Asked for on purpose alone: that a content was read is recorded. */
export function useContent(id: string, wanted: boolean) {
  return useQuery({ queryKey: ["requests", "content", id], queryFn: () => contentOf(id), enabled: wanted, staleTime: Infinity });
}
