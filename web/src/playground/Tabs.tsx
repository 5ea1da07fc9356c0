import type { KeyboardEvent } from "react";
import styles from "./Tabs.module.css";

export type Tab = "answer" | "request" | "response";

export const TABS: { id: Tab; name: string }[] = [
  { id: "answer", name: "Answer" },
  { id: "request", name: "Raw request" },
  { id: "response", name: "Raw response" },
];

/** Tabs that arrows move between; the panel has `${id}-panel` as its id. */
export function Tabs({ id, chosen, onChoose }: { id: string; chosen: Tab; onChoose: (tab: Tab) => void }) {
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const at = TABS.findIndex((tab) => tab.id === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    const tab = to === undefined ? undefined : TABS.at(to % TABS.length);
    if (!tab) return;
    event.preventDefault();
    onChoose(tab.id);
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[TABS.indexOf(tab)]?.focus();
  };
  return (
    <div role="tablist" aria-label="What to show" className={styles.tabs} onKeyDown={onKeyDown}>
      {TABS.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          aria-selected={tab.id === chosen}
          aria-controls={`${id}-panel`}
          tabIndex={tab.id === chosen ? 0 : -1}
          onClick={() => onChoose(tab.id)}
        >
          {tab.name}
        </button>
      ))}
    </div>
  );
}
