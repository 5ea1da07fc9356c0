import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { components } from "../api/schema";
import type { ResourceFields } from "../api/types";
import { refresh, takeOver } from "../targets/queries";

type Resource = components["schemas"]["Resource"];

/** Every mistake is found before anything is saved; nothing is, where `dryRun` says so. */
export function useApply(dryRun: boolean) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (assistant: ResourceFields) => {
      // The document says of fields with a default that they are there; they may be left out.
      const body = { resources: [assistant as unknown as Resource], dry_run: dryRun };
      const { changes } = await bodyOf(api.POST("/api/resources/apply", { body }));
      const [change] = changes;
      if (!change) throw new Error("Stoa did not say what would change.");
      return change;
    },
    onSuccess: (change) => (dryRun ? undefined : takeOver(queries, change)),
  });
}

export function useRemove() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      bodyOf(api.DELETE("/api/resources/{kind}/{name}", { params: { path: { kind: "Assistant", name } } })),
    onSuccess: () => refresh(queries),
  });
}
