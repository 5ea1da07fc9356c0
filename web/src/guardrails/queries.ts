import { useMutation } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { components } from "../api/schema";
import type { ResourceFields } from "../api/types";

export interface Trial {
  /** The name of one that is applied, or one as it stands in the editor. */
  guardrail: string | ResourceFields;
  text: string;
  stage: "input" | "output";
}

/** What a guardrail makes of a text. A gateway judges it; nothing is kept. */
export function useTrial() {
  return useMutation({
    mutationFn: ({ guardrail, text, stage }: Trial) => {
      // The document says of fields with a default that they are there; they may be left out.
      const draft = guardrail as unknown as components["schemas"]["Resource.Guardrail"];
      const which = typeof guardrail === "string" ? { name: guardrail } : { guardrail: draft };
      return bodyOf(api.POST("/api/guardrails/try", { body: { ...which, text, stage } }));
    },
  });
}
