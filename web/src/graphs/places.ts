/** Addresses of entities: by name, since a router that unescapes twice makes another IRI of one with escapes in it. */
const ENTITY = "stoa:entity/";
const KIND = "stoa:kind/";

/** What has a view of its own. */
export const isShown = (iri: string): boolean => iri.startsWith(ENTITY) || iri.startsWith(KIND);

export function entityHref(collection: string, iri: string): string {
  const [part, prefix] = iri.startsWith(KIND) ? ["kind", KIND] : ["entity", ENTITY];
  const name = encodeURIComponent(decodeURIComponent(iri.slice(prefix.length)));
  return `/collections/${encodeURIComponent(collection)}/graph?${part}=${name}`;
}

/** What the API is asked for: an entity by its name, a kind by its IRI. Empty for an address that names none. */
export function askedFor(params: URLSearchParams): string {
  const kind = params.get("kind");
  return kind === null ? (params.get("entity") ?? "") : KIND + encodeURIComponent(kind);
}

/** Whether this is what is asked for. */
export const isAsked = (iri: string, asked: string): boolean =>
  asked !== "" && (iri === asked || decodeURIComponent(iri) === ENTITY + asked);
