import { skipToken, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { components } from "../api/schema";
import type { Change, ResourceVersion } from "../api/types";
import { resourcesKey, takeOver } from "../targets/queries";

/** A resource, by what it is called. */
export interface Named {
  kind: components["schemas"]["Resource"]["kind"];
  name: string;
}

/** Below the resources: whatever changes one of them adds a version. */
const keyOf = ({ kind, name }: Named) => [...resourcesKey, "versions", kind, name];

/** The newest first, a page at a time; of nothing where there is no resource yet. */
export function useVersions(of: Named | null) {
  return useInfiniteQuery({
    queryKey: of ? keyOf(of) : [...resourcesKey, "versions"],
    queryFn: of
      ? ({ pageParam: cursor }) =>
          bodyOf(api.GET("/api/resources/{kind}/{name}/versions", { params: { path: { ...of }, query: { cursor, limit: 20 } } }))
      : skipToken,
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    select: ({ pages }): ResourceVersion[] => pages.flatMap(({ data }) => data),
    retry: false,
  });
}

/** What differs in a version from another one, from the one before it if none is named. */
export function useDifferences(of: Named, version: number, against: number | null) {
  const path = { ...of, version };
  return useQuery({
    queryKey: [...keyOf(of), version, against],
    queryFn: () =>
      bodyOf(
        api.GET("/api/resources/{kind}/{name}/versions/{version}/diff", {
          params: { path, query: { against: against ?? undefined } },
        }),
      ),
    retry: false,
  });
}

export function useRestore(of: Named) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (version: number): Promise<Change> =>
      bodyOf(
        api.POST("/api/resources/{kind}/{name}/versions/{version}/restore", {
          params: { path: { ...of, version } },
          body: { dry_run: false },
        }),
      ),
    onSuccess: (change) => takeOver(queries, change),
  });
}
