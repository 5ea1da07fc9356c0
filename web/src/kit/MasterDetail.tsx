/** A list at the left, and one of what it lists beside it. Where there is no room for both, what is open stands alone. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import styles from "./MasterDetail.module.css";

interface MasterDetailProps {
  /** What is listed. */
  title: string;
  /** Whether one of them is beside the list. */
  isOpen: boolean;
  /** The way to another one. */
  create?: ReactNode;
  list: ReactNode;
  /** What is open, or a word on what could be. */
  children: ReactNode;
}

export function MasterDetail({ title, isOpen, create, list, children }: MasterDetailProps) {
  // Alone on a phone, what is open has the name that is the title then.
  const Title = isOpen ? "h2" : "h1";
  return (
    <div className={isOpen ? styles.opened : styles.screen}>
      <nav className={styles.list} aria-label={title}>
        <div className={styles.head}>
          <Title>{title}</Title>
          {create}
        </div>
        {list}
      </nav>
      {isOpen ? children : <div className={styles.none}>{children}</div>}
    </div>
  );
}

interface MasterLinkProps {
  href: string;
  isCurrent: boolean;
  name: ReactNode;
  description: string;
  /** What counts of it. */
  children: ReactNode;
}

export function MasterLink({ href, isCurrent, name, description, children }: MasterLinkProps) {
  return (
    <Link href={href} className={styles.link} aria-current={isCurrent ? "page" : undefined}>
      <span className={styles.name}>{name}</span>
      {description && <span className={styles.description}>{description}</span>}
      <span className={styles.counts}>{children}</span>
    </Link>
  );
}

/** A small way to make another one. */
export function NewLink({ href, isCurrent = false, children }: { href: string; isCurrent?: boolean; children: ReactNode }) {
  return (
    <Link href={href} className={styles.new} aria-current={isCurrent ? "page" : undefined}>
      {children}
    </Link>
  );
}
