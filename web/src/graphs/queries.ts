/** Asking the knowledge graph of a collection. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { api, bodyOf, csrfHeader } from "../api/client";
import { ApiError, UNREACHABLE, errorFrom } from "../api/errors";

export function useGraphCounts(collection: string) {
  return useQuery({
    queryKey: ["graph", collection],
    queryFn: () => bodyOf(api.GET("/api/collections/{name}/graph", { params: { path: { name: collection } } })),
  });
}

export function useEntities(collection: string, search: string) {
  return useQuery({
    queryKey: ["entities", collection, search],
    queryFn: () =>
      bodyOf(
        api.GET("/api/collections/{name}/entities", { params: { path: { name: collection }, query: { search, limit: 24 } } }),
      ),
    select: ({ data }) => data,
    placeholderData: (previous, query) => (query?.queryKey[1] === collection ? previous : undefined),
  });
}

export function useEntity(collection: string, entity: string) {
  return useQuery({
    enabled: entity !== "",
    queryKey: ["entity", collection, entity],
    queryFn: () =>
      bodyOf(api.GET("/api/collections/{name}/entity", { params: { path: { name: collection }, query: { entity } } })),
  });
}

interface Term {
  type: string;
  value: string;
}

/** An answer: a table, yes or no, or triples as text. */
export type Answer =
  | { kind: "table"; columns: string[]; rows: Record<string, Term | undefined>[] }
  | { kind: "boolean"; value: boolean }
  | { kind: "triples"; text: string };

/** Ask in SPARQL. The failure of a query is the API's own sentence, with line and column. */
export function useSparql(collection: string) {
  return useMutation({
    mutationFn: async (query: string): Promise<Answer> => {
      let response;
      try {
        response = await fetch(`/api/collections/${encodeURIComponent(collection)}/sparql`, {
          method: "POST",
          body: query,
          headers: {
            "content-type": "application/sparql-query",
            accept: "application/sparql-results+json, text/turtle",
            ...csrfHeader(),
          },
        });
      } catch {
        throw new ApiError(UNREACHABLE, 0);
      }
      const text = await response.text();
      const json = (): unknown => JSON.parse(text);
      if (!response.ok) {
        let body: unknown = null;
        try {
          body = json();
        } catch {
          // Some proxy's own words: the status says enough.
        }
        throw errorFrom(body, response.status);
      }
      return response.headers.get("content-type")?.startsWith("text/turtle") ? { kind: "triples", text } : answerOf(json());
    },
  });
}

/** From SPARQL's JSON. */
export function answerOf(body: unknown): Answer {
  const told = body as {
    boolean?: boolean;
    head: { vars?: string[] };
    results?: { bindings: Record<string, Term | undefined>[] };
  };
  if (told.boolean !== undefined) return { kind: "boolean", value: told.boolean };
  return { kind: "table", columns: told.head.vars ?? [], rows: told.results?.bindings ?? [] };
}
