import { useMutation } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { components } from "../api/schema";
import type { Resource } from "../routes/queries";

export interface Rehearsal {
  resource: Resource;
  days: number;
  /** Only requests of this route, model or assistant. */
  route: string | null;
}

/** What a resource as it stands would have changed for the requests there were. Nothing is sent to a provider. */
export function useReplay() {
  return useMutation({
    mutationFn: ({ resource, days, route }: Rehearsal) => {
      const since = new Date(Date.now() - days * 86_400_000).toISOString();
      // The document says of fields with a default that they are there; they may be left out.
      const resources = [resource as unknown as components["schemas"]["Resource"]];
      return bodyOf(api.POST("/api/replay", { body: { resources, remove: [], since, route } }));
    },
  });
}
