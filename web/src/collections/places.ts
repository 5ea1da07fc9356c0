/** Addresses within a collection. */
export type View =
  "documents" | "sources" | "indexes" | "search" | "graph" | "sparql" | "evaluation" | "usage" | "versions" | "connect";

export function viewHref(collection: string, view: View): string {
  const base = `/collections/${encodeURIComponent(collection)}`;
  return view === "documents" ? base : `${base}/${view}`;
}

/** Places of the same document together, in the order in which documents first come. */
export function byDocument<P extends { document_id: string }>(places: P[]): [P, ...P[]][] {
  const found = new Map<string, [P, ...P[]]>();
  for (const place of places) {
    const others = found.get(place.document_id);
    if (others) others.push(place);
    else found.set(place.document_id, [place]);
  }
  return Array.from(found.values());
}

/** The reader of a document, at a character of its text where one is named. */
export function documentHref(collection: string, document: string, at?: number): string {
  const base = `/collections/${encodeURIComponent(collection)}/documents/${encodeURIComponent(document)}`;
  return at === undefined ? base : `${base}?at=${at}`;
}
