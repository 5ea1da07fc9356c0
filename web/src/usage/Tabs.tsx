/** From usage to budgets and back, for those who may see both. */
import { Link, useLocation } from "wouter";
import { useRights } from "../session/queries";
import styles from "./Tabs.module.css";

const TABS = [
  { href: "/usage", name: "Usage" },
  { href: "/usage/budgets", name: "Budgets" },
];

export function Tabs() {
  const [path] = useLocation();
  if (!useRights().see_budgets) return null;
  return (
    <nav className={styles.tabs} aria-label="Usage and budgets">
      {TABS.map(({ href, name }) => (
        <Link key={href} href={href} aria-current={path === href ? "page" : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}
