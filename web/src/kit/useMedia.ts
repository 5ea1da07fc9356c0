import { useSyncExternalStore } from "react";

export const PHONE = "(max-width: 760px)";
/** Too narrow for a source beside the conversation. */
export const NARROW = "(max-width: 1080px)";

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => matchMedia(query).matches,
  );
}
