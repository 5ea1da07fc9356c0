/** Addresses within a collection. */
export type View =
  "documents" | "sources" | "indexes" | "search" | "graph" | "sparql" | "evaluation" | "usage" | "versions" | "connect";

export function viewHref(collection: string, view: View): string {
  const base = `/collections/${encodeURIComponent(collection)}`;
  return view === "documents" ? base : `${base}/${view}`;
}

/** The reader of a document, at a character of its text where one is named. */
export function documentHref(collection: string, document: string, at?: number): string {
  const base = `/collections/${encodeURIComponent(collection)}/documents/${encodeURIComponent(document)}`;
  return at === undefined ? base : `${base}?at=${at}`;
}
