import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { AddedExamples } from "../api/types";

const KEY = ["datasets"];
/** Requests that are sent in one go. */
const AT_ONCE = 500;

export function useDatasets(wanted = true) {
  return useQuery({
    queryKey: [...KEY, "all"],
    enabled: wanted,
    queryFn: () => bodyOf(api.GET("/api/datasets", { params: { query: { limit: 200 } } })),
  });
}

export function useDataset(name: string) {
  return useQuery({
    queryKey: [...KEY, "one", name],
    queryFn: () => bodyOf(api.GET("/api/datasets/{name}", { params: { path: { name } } })),
  });
}

export function useVersions(name: string) {
  return useQuery({
    queryKey: [...KEY, "versions", name],
    queryFn: () => bodyOf(api.GET("/api/datasets/{name}/versions", { params: { path: { name }, query: { limit: 200 } } })),
  });
}

export interface Wanted {
  /** Null is the current one. */
  version: number | null;
  text: string;
  expected: "" | "with" | "without";
}

/** In the order in which they were added, a page at a time. That they are read is recorded. */
export function useExamples(name: string, { version, text, expected }: Wanted, readable: boolean) {
  return useInfiniteQuery({
    queryKey: [...KEY, "examples", name, version, text, expected],
    enabled: readable,
    queryFn: ({ pageParam }) => {
      const query = {
        version: version ?? undefined,
        text: text || undefined,
        expected: expected ? expected === "with" : undefined,
        cursor: pageParam ?? undefined,
        limit: 25,
      };
      return bodyOf(api.GET("/api/datasets/{name}/items", { params: { path: { name }, query } }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (previous) => previous,
  });
}

/** A change; whatever is shown of datasets is read anew after it, and waited for by nobody. */
function useChange<A, R>(change: (what: A) => Promise<R>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => void queries.invalidateQueries({ queryKey: KEY }) });
}

export const useCreate = () =>
  useChange((body: { name: string; description: string }) => bodyOf(api.POST("/api/datasets", { body })));

export const useDelete = (name: string) =>
  useChange(() => bodyOf(api.DELETE("/api/datasets/{name}", { params: { path: { name } } })));

/** Into one that there is, or a new one of that name. */
export const useAdd = () =>
  useChange(async ({ name, make, requests }: { name: string; make: boolean; requests: string[] }) => {
    if (make) await bodyOf(api.POST("/api/datasets", { body: { name, description: "" } }));
    const told: Pick<AddedExamples, "ids" | "left"> = { ids: [], left: [] };
    for (let start = 0; start < requests.length; start += AT_ONCE) {
      const body = { requests: requests.slice(start, start + AT_ONCE) };
      const added = await bodyOf(api.POST("/api/datasets/{name}/items", { params: { path: { name } }, body }));
      told.ids.push(...added.ids);
      told.left.push(...added.left);
    }
    return told;
  });

export const useImport = (name: string) =>
  useChange(({ file, partly }: { file: File; partly: boolean }) => {
    const bodySerializer = () => {
      const form = new FormData();
      form.append("file", file);
      return form;
    };
    // The description knows a file as text; what is sent is the form.
    const body = { file: "" };
    return bodyOf(
      api.POST("/api/datasets/{name}/import", { params: { path: { name }, query: { partly } }, body, bodySerializer }),
    );
  });

export const useExpect = (name: string, id: string) =>
  useChange((body: { expected: string | null; notes: string; since: number }) =>
    bodyOf(api.PATCH("/api/datasets/{name}/items/{id}", { params: { path: { name, id } }, body })),
  );

export const useRemove = (name: string) =>
  useChange((body: { ids: string[]; erase: boolean }) =>
    bodyOf(api.POST("/api/datasets/{name}/removals", { params: { path: { name } }, body })),
  );
