/** A panel beside the content where there is room; over it, as a modal sheet, where there is not. Escape closes both. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import styles from "./SidePanel.module.css";

interface SidePanelProps {
  label: string;
  modal: boolean;
  from: "left" | "right";
  children: ReactNode;
  onClose: () => void;
}

export function SidePanel({ label, modal, from, children, onClose }: SidePanelProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (!element) return;
    const opener = document.activeElement;
    if (modal) element.showModal();
    else element.show();
    return () => {
      element.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, [modal]);

  const closeOnEscape = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    onClose();
  };
  return (
    <dialog
      ref={dialog}
      className={[styles.panel, modal ? styles.modal : styles.beside, styles[from]].join(" ")}
      aria-label={label}
      onKeyDown={closeOnEscape}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (modal && event.target === event.currentTarget) onClose();
      }}
    >
      <div className={styles.inside}>{children}</div>
    </dialog>
  );
}
