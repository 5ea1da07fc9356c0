import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { UsageRequest } from "../api/types";
import type { Filter } from "./filter";
import { sinceOf } from "./filter";

function asked(filter: Filter, cursor: string | null) {
  const { status, model, team, slow, text } = filter;
  return {
    from: sinceOf(filter, Date.now()),
    status: status || undefined,
    model: model || undefined,
    team: team || undefined,
    min_ms: slow ? Number(slow) : undefined,
    text: text || undefined,
    cursor: cursor ?? undefined,
  };
}

/** The newest chats of a team that fit, at most so many of them. */
export async function idsOf(filter: Filter, most: number, team: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const query = { ...asked({ ...filter, team }, cursor), limit: 200 };
    const page: { data: UsageRequest[]; next_cursor?: string | null } = await bodyOf(
      api.GET("/api/traces", { params: { query } }),
    );
    ids.push(...page.data.filter(({ operation }) => operation === "chat").map(({ id }) => id));
    cursor = page.next_cursor ?? null;
  } while (cursor !== null && ids.length < most);
  return ids.slice(0, most);
}

/** The newest first, a page at a time. */
export function useRequests(filter: Filter) {
  return useInfiniteQuery({
    queryKey: ["requests", filter],
    queryFn: ({ pageParam }) => bodyOf(api.GET("/api/traces", { params: { query: asked(filter, pageParam) } })),
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
