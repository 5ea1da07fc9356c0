/** What the composer holds and which targets stand beside each other: kept in this browser, for each user their own. */
import { useEffect, useState } from "react";
import type { Catalog } from "../api/types";
import { type Draft, draftFrom } from "./draft";

export interface Column {
  id: string;
  /** Empty until it is chosen: then another for each column. */
  model: string;
}

export interface Held {
  draft: Draft;
  columns: Column[];
}

export const MOST_COLUMNS = 4;
const SAVE_AFTER_MS = 300;

let count = 0;
export const newColumn = (model = ""): Column => ({ id: `c${Date.now()}-${++count}`, model });

export function usePlayground(userId: string): [Held, (change: (held: Held) => Held) => void] {
  const key = `stoa.playground.${userId}`;
  const [held, setHeld] = useState(() => heldFrom(stored(key)));
  useEffect(() => {
    const timer = setTimeout(() => store(key, held), SAVE_AFTER_MS);
    return () => {
      clearTimeout(timer);
      store(key, held);
    };
  }, [key, held]);
  return [held, setHeld];
}

/** What the playground shows when it is opened next. */
export function openInPlayground(userId: string, draft: Draft, model: string): void {
  store(`stoa.playground.${userId}`, { draft, columns: [newColumn(model)] });
}

/** The column's model, else the one at its place among all there are, models before assistants. */
export function modelOf(columns: Column[], column: Column, catalog: Catalog | undefined): string {
  if (column.model) return column.model;
  const all = [...(catalog?.models ?? []), ...(catalog?.assistants ?? [])].map(({ model }) => model);
  const free = all.filter((model) => !columns.some((each) => each.model === model));
  const place = columns.filter((each) => !each.model).indexOf(column);
  return free[place] ?? all[place % (all.length || 1)] ?? "";
}

export function heldFrom(text: string | null): Held {
  let kept: unknown = null;
  try {
    kept = text === null ? null : JSON.parse(text);
  } catch {
    // What cannot be read is as if nothing had been kept.
  }
  const { draft, columns } = (typeof kept === "object" && kept !== null ? kept : {}) as { draft?: unknown; columns?: unknown };
  const models = Array.isArray(columns) ? columns.slice(0, MOST_COLUMNS).map(modelIn) : [];
  return { draft: draftFrom(draft), columns: models.length > 0 ? models.map(newColumn) : [newColumn(), newColumn()] };
}

function modelIn(column: unknown): string {
  const model = typeof column === "object" && column !== null && "model" in column ? column.model : "";
  return typeof model === "string" ? model : "";
}

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Attachments may be too much for the browser's store: then the words alone are kept. */
function store(key: string, held: Held): void {
  const words = held.draft.messages.map((message) => ({ ...message, attachments: [] }));
  for (const each of [held, { ...held, draft: { ...held.draft, messages: words } }]) {
    try {
      localStorage.setItem(key, JSON.stringify(each));
      return;
    } catch {
      // Without a store it lasts as long as the page.
    }
  }
}
