/** Queries to begin with. The prefixes stoa, schema, dcterms, prov, rdf, rdfs and xsd need no declaration. */
export const EXAMPLES: { name: string; query: string }[] = [
  {
    name: "What is named most often",
    query: `SELECT ?name (COUNT(?passage) AS ?passages) WHERE {
  ?passage schema:about|schema:mentions ?entity .
  ?entity rdfs:label ?name
} GROUP BY ?name ORDER BY DESC(?passages) LIMIT 25`,
  },
  {
    name: "Facts, and where they are said",
    query: `SELECT ?subject ?property ?object ?document WHERE {
  ?fact rdf:subject/rdfs:label ?subject ; rdf:predicate/rdfs:label ?property ; rdf:object ?o ;
        prov:wasDerivedFrom/dcterms:isPartOf/dcterms:title ?document .
  OPTIONAL { ?o rdfs:label ?label } BIND(COALESCE(?label, STR(?o)) AS ?object)
} LIMIT 100`,
  },
  {
    name: "What is what",
    query: `SELECT ?thing ?kind WHERE {
  ?entity a ?class ; rdfs:label ?thing .
  ?class rdfs:label ?kind FILTER(STRSTARTS(STR(?class), "stoa:kind/"))
} ORDER BY ?kind ?thing LIMIT 200`,
  },
  {
    name: "Properties, and how often each is used",
    query: `SELECT ?property (COUNT(*) AS ?uses) WHERE {
  ?p a rdf:Property ; rdfs:label ?property . ?s ?p ?o
} GROUP BY ?property ORDER BY DESC(?uses) LIMIT 100`,
  },
  {
    name: "Documents that link to each other",
    query: `SELECT DISTINCT ?from ?to WHERE {
  ?passage dcterms:references ?path ; dcterms:isPartOf/dcterms:title ?from .
  ?document stoa:at ?path ; dcterms:title ?to
} LIMIT 100`,
  },
];
