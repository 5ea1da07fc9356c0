/** What every popover does: open in the top layer beside its button, take the focus, close on Escape or a click elsewhere. */
import { type ToggleEvent, useId, useRef, useState } from "react";
import { placeBeside } from "./place";

export function useFloating(align: "left" | "right" = "right") {
  const id = useId();
  const anchor = useRef<HTMLSpanElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const onToggle = (event: ToggleEvent) => {
    const opened = event.newState === "open";
    setOpen(opened);
    if (!opened || !panel.current || !anchor.current) return;
    placeBeside(panel.current, anchor.current, align);
    panel.current.querySelector<HTMLElement>("[aria-checked=true], textarea, button, a")?.focus();
  };
  return {
    open,
    anchor,
    close: () => panel.current?.hidePopover(),
    button: { popoverTarget: id, "aria-expanded": open },
    panel: { ref: panel, id, popover: "auto" as const, onToggle },
  };
}
