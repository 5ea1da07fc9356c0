import { useMutation } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";

export interface Trial {
  name: string;
  text: string;
  stage: "input" | "output";
}

/** What a guardrail makes of a text. A gateway judges it; nothing is kept. */
export function useTrial() {
  return useMutation({ mutationFn: (trial: Trial) => bodyOf(api.POST("/api/guardrails/try", { body: trial })) });
}
