/** The frame of every screen: brand, where one can go, who is here. */
import { type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { Mark } from "../brand/Mark";
import { Icon, type IconName } from "../kit/Icon";
import { useRights } from "../session/queries";
import { StatusStrip } from "./StatusStrip";
import styles from "./Shell.module.css";

/** `also` is a place within it that has an address of its own. */
const PLACES: { href: string; name: string; icon: IconName; also?: string }[] = [
  { href: "/conversations", name: "Conversations", icon: "conversations" },
  { href: "/collections", name: "Collections", icon: "collections" },
  { href: "/playground", name: "Playground", icon: "playground" },
  { href: "/requests", name: "Requests", icon: "list", also: "/datasets" },
  { href: "/usage", name: "Usage", icon: "usage" },
];

const ASSISTANTS: (typeof PLACES)[number] = { href: "/assistants", name: "Assistants", icon: "assistants" };

/** For those who may see models, routes and providers. */
const PLATFORM: typeof PLACES = [
  { href: "/models", name: "Models", icon: "models" },
  { href: "/routes", name: "Routes", icon: "routes" },
  { href: "/providers", name: "Providers", icon: "providers" },
  { href: "/guardrails", name: "Guardrails", icon: "guardrails" },
];

export function Shell({ children }: { children: ReactNode }) {
  const [path] = useLocation();
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the places may be wider than the screen.
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [path]);
  const rights = useRights();
  const places = [
    ...PLACES.slice(0, 2),
    ...(rights.change_assistants || rights.see_models ? [ASSISTANTS] : []),
    ...PLACES.slice(2),
    ...(rights.see_models ? PLATFORM : []),
  ];
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        To the content
      </a>
      <header className={styles.bar}>
        <Link href="/conversations" className={styles.brand}>
          <Mark /> Stoa
        </Link>
        <nav ref={nav} className={styles.places} aria-label="Stoa">
          {places.map(({ href, name, icon, also }) => (
            <Link
              key={href}
              href={href}
              className={styles.place}
              aria-current={path.startsWith(href) || (also && path.startsWith(also)) ? "page" : undefined}
            >
              <Icon name={icon} />
              <span>{name}</span>
            </Link>
          ))}
        </nav>
        <StatusStrip />
      </header>
      <main id="main" tabIndex={-1} className={styles.main}>
        {children}
      </main>
    </div>
  );
}
