import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { components } from "../api/schema";
import type { Change } from "../api/types";
import { refresh, takeOver } from "../targets/queries";
import type { RouteResource } from "./draft";

type Schemas = components["schemas"];

export interface Resource {
  kind: string;
  name: string;
}

async function apply(resource: Resource, dryRun: boolean): Promise<Change> {
  // The document says of fields with a default that they are there; they may be left out.
  const resources = [resource as unknown as Schemas["Resource"]];
  const { changes } = await bodyOf(api.POST("/api/resources/apply", { body: { resources, dry_run: dryRun } }));
  const [change] = changes;
  if (!change) throw new Error("Stoa did not say what would change.");
  return change;
}

/** What saving would change; every mistake is found, nothing is saved. */
export function useReview() {
  return useMutation({ mutationFn: (resource: Resource) => apply(resource, true) });
}

export function useSave() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (resource: Resource) => apply(resource, false),
    onSuccess: (change) => takeOver(queries, change),
  });
}

export function useRemove(kind: "Route" | "Guardrail") {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => bodyOf(api.DELETE("/api/resources/{kind}/{name}", { params: { path: { kind, name } } })),
    onSuccess: () => refresh(queries),
  });
}

export interface Trial {
  route: RouteResource;
  prompt: string;
  tags: string[];
  user: string | null;
}

/** Where a request would go over a route as it stands in the editor. */
export function useTrial() {
  return useMutation({
    mutationFn: ({ route, ...trial }: Trial) =>
      // As above.
      bodyOf(api.POST("/api/routes/explain", { body: { ...trial, route: route as unknown as Schemas["Resource.Route"] } })),
  });
}
