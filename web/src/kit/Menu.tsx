/** A button that opens a menu: arrows move in it, Escape and a click elsewhere close it. */
import type { KeyboardEvent, ReactNode } from "react";
import { IconButton } from "./Button";
import { Icon, type IconName } from "./Icon";
import styles from "./Menu.module.css";
import { useFloating } from "./useFloating";

export function Menu({ label, icon = "more", children }: { label: string; icon?: IconName; children: ReactNode }) {
  const { anchor, button, panel } = useFloating();
  return (
    <span ref={anchor} className={styles.anchor}>
      <IconButton small icon={icon} label={label} aria-haspopup="menu" {...button} />
      <div role="menu" aria-label={label} className={styles.menu} onKeyDown={moveInMenu} {...panel}>
        {children}
      </div>
    </span>
  );
}

export function moveInMenu(event: KeyboardEvent<HTMLElement>) {
  const items = Array.from(event.currentTarget.querySelectorAll<HTMLElement>("[role^=menuitem]"));
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items.at(to % items.length)?.focus();
}

interface MenuItemProps {
  icon: IconName;
  children: ReactNode;
  danger?: boolean;
  onSelect: () => void;
}

export function MenuItem({ icon, children, danger, onSelect }: MenuItemProps) {
  return (
    <button
      type="button"
      role="menuitem"
      className={danger ? styles.danger : styles.item}
      onClick={(event) => {
        closeMenuOf(event.currentTarget);
        onSelect();
      }}
    >
      <Icon name={icon} size={16} />
      {children}
    </button>
  );
}

export function MenuLink({ icon, children, href }: { icon: IconName; children: ReactNode; href: string }) {
  return (
    <a role="menuitem" className={styles.item} href={href} download onClick={(event) => closeMenuOf(event.currentTarget)}>
      <Icon name={icon} size={16} />
      {children}
    </a>
  );
}

const closeMenuOf = (item: HTMLElement) => item.closest<HTMLElement>("[popover]")?.hidePopover();
