import { useEffect, useEffectEvent } from "react";

/** Escape stops the answer, unless it has something else to close: a menu, a dialog, an edit. */
export function useEscapeToStop(active: boolean, stop: () => void): void {
  const onEscape = useEffectEvent(stop);
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector(":popover-open, dialog:modal")) return;
      onEscape();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [active]);
}
