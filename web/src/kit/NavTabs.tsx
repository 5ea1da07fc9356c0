/** From one view of a thing to the others: each has an address of its own. */
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import styles from "./NavTabs.module.css";

interface NavTabsProps {
  label: string;
  tabs: { href: string; name: string }[];
  /** The address of the one that is open. */
  open: string;
}

export function NavTabs({ label, tabs, open }: NavTabsProps) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone there may be more of them than fit.
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [open]);
  return (
    <nav ref={nav} className={styles.tabs} aria-label={label}>
      {tabs.map(({ href, name }) => (
        <Link key={href} href={href} aria-current={href === open ? "page" : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}
