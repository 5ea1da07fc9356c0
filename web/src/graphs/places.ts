/** Addresses of entities. */
export const entityHref = (collection: string, iri: string): string =>
  `/collections/${encodeURIComponent(collection)}/graph?entity=${encodeURIComponent(iri)}`;

/** What has a view of its own. */
export const isShown = (iri: string): boolean => iri.startsWith("stoa:entity/") || iri.startsWith("stoa:kind/");
