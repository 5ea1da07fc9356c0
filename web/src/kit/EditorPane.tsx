/** What the editors of resources share: the way back to the list, the name as a heading, and the resource's actions. */
import { type ReactNode, useState } from "react";
import { Link, useLocation } from "wouter";
import { Confirm } from "./Confirm";
import { afterwards } from "./afterwards";
import { Menu, MenuItem } from "./Menu";
import styles from "./EditorPane.module.css";

interface EditorPaneProps {
  name: string;
  /** The heading, where that is not the name. */
  title?: string;
  list: { href: string; name: string };
  /** It has the screen to itself, not a list at its side. */
  alone?: boolean;
  className?: string;
  actions?: ReactNode;
  children: ReactNode;
}

export function EditorPane({ name, title = name, list, alone = false, className, actions, children }: EditorPaneProps) {
  return (
    <section className={[styles.pane, alone && styles.alone, className].filter(Boolean).join(" ")} aria-label={name}>
      <Link href={list.href} className={styles.back}>
        {list.name}
      </Link>
      <header className={styles.head}>
        <h1>{title}</h1>
        {actions}
      </header>
      {children}
    </section>
  );
}

interface Removal {
  isPending: boolean;
  error: unknown;
  mutateAsync: (name: string) => Promise<unknown>;
  reset: () => void;
}

interface RemoveMenuProps {
  /** In the words of the page: route, guardrail. */
  noun: string;
  name: string;
  remove: Removal;
  /** Where to go when it is gone. */
  href: string;
  /** What becomes of what had to do with it. */
  children: ReactNode;
}

export function RemoveMenu({ noun, name, remove, href, children }: RemoveMenuProps) {
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  return (
    <>
      <Menu label={`Actions for ${name}`}>
        <MenuItem icon="remove" danger onSelect={() => setAsking(true)}>
          Remove
        </MenuItem>
      </Menu>
      {asking && (
        <Confirm
          title={`Remove this ${noun}?`}
          action="Remove"
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => afterwards(remove.mutateAsync(name), () => go(href))}
          onClose={() => {
            setAsking(false);
            remove.reset();
          }}
        >
          <p>{children}</p>
        </Confirm>
      )}
    </>
  );
}
