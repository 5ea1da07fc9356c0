const GAP_PX = 4;
const EDGE_PX = 8;

/** Put a popover under (or, without room, above) what it belongs to, its right edge on the other's, inside the window. */
export function placeBeside(popover: HTMLElement, anchor: HTMLElement, align: "left" | "right" = "right"): void {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const wanted = align === "right" ? at.right - width : at.left;
  const left = Math.min(Math.max(EDGE_PX, wanted), window.innerWidth - width - EDGE_PX);
  const below = at.bottom + GAP_PX;
  const fits = below + height <= window.innerHeight - EDGE_PX;
  popover.style.left = `${left}px`;
  popover.style.top = `${fits ? below : Math.max(EDGE_PX, at.top - GAP_PX - height)}px`;
}
