/** Which assistant or model the next question goes to. */
import { useState } from "react";
import type { Catalog } from "../api/types";

export function firstModel(catalog: Catalog | undefined): string {
  return catalog?.assistants[0]?.model ?? catalog?.models[0]?.model ?? "";
}

/** What was chosen here, else what the conversation has had, else the first assistant, else the first model; "" until known. */
export function useChosenModel(
  conversationId: string | null,
  current: string | undefined,
  catalog: Catalog | undefined,
): [string, (model: string) => void] {
  const [chosen, setChosen] = useState<{ conversationId: string | null; model: string } | null>(null);
  const model = chosen?.conversationId === conversationId ? chosen.model : (current ?? firstModel(catalog));
  return [model, (next) => setChosen({ conversationId, model: next })];
}
