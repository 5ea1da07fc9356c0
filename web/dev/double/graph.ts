/** The knowledge graph of the handbook: a few entities, and an answer to whatever is asked in SPARQL. */
import type { Entity, EntityFact, FoundEntity, Said } from "../../src/api/types";
import { Refusal, bytesOf, json } from "./http.ts";
import { type Route, route } from "./route.ts";

const iriOf = (label: string) => `stoa:entity/${encodeURIComponent(label.toLowerCase())}`;
const node = (label: string) => ({ iri: iriOf(label), label });
const travel: Said = { document_id: "doc-travel", title: "Travel Policy", passage_id: "doc-travel.3", start: 2000, end: 2400 };
const safety: Said = { document_id: "doc-safety", title: "Laboratory Safety", passage_id: "doc-safety.0", start: 0, end: 300 };

const names = ["Travel Policy", "Gideon Marsh", "Procurement", "Wayfare", "Port Ansel", "Laboratory Safety", "Noor Hadley"];

const facts: EntityFact[] = [
  {
    property: { iri: "stoa:property/owner", label: "owner" },
    inverse: false,
    node: node("Gideon Marsh"),
    value: null,
    said: [travel],
  },
  {
    property: { iri: "stoa:property/tool", label: "tool" },
    inverse: false,
    node: node("Wayfare"),
    value: null,
    said: [travel, safety],
  },
  { property: { iri: "stoa:property/version", label: "version" }, inverse: false, node: null, value: "4.2", said: [travel] },
  {
    property: { iri: "stoa:property/replaces", label: "replaces" },
    inverse: true,
    node: node("Procurement"),
    value: null,
    said: [safety],
  },
];

const found = (label: string, i: number): FoundEntity => ({ ...node(label), passages: 12 - i });

export const graphRoutes: Route[] = [
  route("GET", "/api/collections/:name/graph", ({ response }) => json(response, { documents: 9, triples: 18_104 })),
  route("GET", "/api/collections/:name/entities", ({ response, query, at }) => {
    const words = (query.get("search") ?? "").toLowerCase();
    const all = at.name === "handbook" ? names : [];
    json(response, { data: all.filter((each) => each.toLowerCase().includes(words)).map(found) });
  }),
  route("GET", "/api/collections/:name/entity", ({ response, query }) => {
    const label = names.find((each) => each.toLowerCase() === query.get("entity")?.toLowerCase());
    if (!label) throw new Refusal(404, "There is nothing called that in what is open to you of 'handbook'.");
    const entity: Entity = {
      iri: iriOf(label),
      labels: [label],
      facts: label === "Travel Policy" ? facts : [],
      passages: [travel, safety],
      near: names.filter((each) => each !== label).map(found),
      more: false,
    };
    json(response, entity);
  }),
  route("POST", "/api/collections/:name/sparql", async ({ request, response }) => {
    const query = (await bytesOf(request)).toString();
    if (!/select/i.test(query)) throw new Refusal(400, "The query is not SPARQL 1.1: line 1, column 1: expected SELECT.");
    const bindings = names.map((name, i) => ({
      entity: { type: "uri", value: iriOf(name) },
      passages: { type: "literal", value: String(12 - i) },
    }));
    json(response, { head: { vars: ["entity", "passages"] }, results: { bindings } });
  }),
];
