import { createContext, useContext, useSyncExternalStore } from "react";
import type { LiveTurns } from "./liveTurns";
import type { Turn } from "./turn";

export const LiveTurnsContext = createContext<LiveTurns | null>(null);

export function useLiveTurns(): LiveTurns {
  const turns = useContext(LiveTurnsContext);
  if (!turns) throw new Error("useLiveTurns outside of LiveTurnsContext");
  return turns;
}

/** The answer that is on its way in this conversation. */
export function useLiveTurn(conversationId: string): Turn | undefined {
  const turns = useLiveTurns();
  return useSyncExternalStore(turns.subscribe, () => turns.get(conversationId));
}
