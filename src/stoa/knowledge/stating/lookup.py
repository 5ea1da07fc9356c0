"""Looking an entity up in the graph: a few fixed queries, whose only words from outside are an IRI and a text, both escaped."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from stoa.domain.entities import Entity, Fact, FoundEntity, Node, Said
from stoa.domain.identity import AccessTag
from stoa.domain.indexes import collection_of
from stoa.domain.triples import GraphQueries, Limits
from stoa.errors import InvalidRequest, NotFound
from stoa.knowledge.names import fold
from stoa.knowledge.stating import vocabulary as v

FACTS, PASSAGES, NEAR = 200, 20, 24

_IRI = re.compile(r"stoa:(?:entity|kind)/[A-Za-z0-9%._~-]{1,600}")
_WHERE = "OPTIONAL { ?passage stoa:start ?start ; stoa:end ?end }"

_COMMON = """
SELECT ?e (COUNT(?p) AS ?n) (SAMPLE(?l) AS ?label) WHERE {{
  {{ SELECT ?e ?p WHERE {{ ?p schema:about ?e FILTER(STRSTARTS(STR(?e), "stoa:entity/")) }} }} ?e rdfs:label ?l
}} GROUP BY ?e ORDER BY DESC(?n) ?e LIMIT {limit}"""

_SEARCH = """
SELECT ?e (SAMPLE(?l) AS ?label) (COUNT(DISTINCT ?p) AS ?n) WHERE {{
  {{ SELECT DISTINCT ?e WHERE {{
    ?e rdfs:label ?x FILTER(STRSTARTS(STR(?e), "stoa:entity/") && CONTAINS(LCASE(?x), {text}))
  }} ORDER BY STRLEN(STR(?e)) ?e LIMIT {limit} }}
  ?e rdfs:label ?l OPTIONAL {{ ?p schema:about|schema:mentions ?e }}
}} GROUP BY ?e ORDER BY DESC(?n) ?e"""

_FACTS = f"""
SELECT ?s ?p ?o ?passage ?start ?end ?document ?title WHERE {{{{
  {{{{ ?f rdf:subject {{iri}} }}}} UNION {{{{ ?f rdf:object {{iri}} }}}}
  ?f rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o
  FILTER(?p != rdfs:label && (?p != rdf:type || ?o != rdf:Property))
  OPTIONAL {{{{ ?f prov:wasDerivedFrom ?passage {_WHERE.replace("{", "{{").replace("}", "}}")} }}}}
  ?f prov:wasGeneratedBy/dcterms:isPartOf ?document . ?document dcterms:title ?title
  FILTER(!BOUND(?passage) || EXISTS {{{{ ?passage dcterms:isPartOf ?document }}}})
}}}} ORDER BY ?p ?s ?o ?document ?start LIMIT {{limit}}"""

_PASSAGES = f"""
SELECT ?passage ?start ?end ?document ?title WHERE {{{{
  VALUES (?how ?rank) {{{{ (schema:about 0) (schema:mentions 1) }}}}
  ?passage ?how {{iri}} ; dcterms:isPartOf ?document {_WHERE.replace("{", "{{").replace("}", "}}")}
  ?document dcterms:title ?title
}}}} ORDER BY ?rank ?title ?document ?start LIMIT {{limit}}"""

_NEAR = """
SELECT ?e (COUNT(DISTINCT ?p) AS ?n) (SAMPLE(?l) AS ?label) WHERE {{
  {{ SELECT DISTINCT ?p WHERE {{ ?p schema:about|schema:mentions {iri} }} LIMIT 500 }}
  ?p schema:about|schema:mentions ?e FILTER(?e != {iri}) ?e rdfs:label ?l
}} GROUP BY ?e ORDER BY DESC(?n) ?e LIMIT {limit}"""

_LABELS = "SELECT ?x (SAMPLE(?l) AS ?label) WHERE {{ VALUES ?x {{ {iris} }} ?x rdfs:label ?l }} GROUP BY ?x"
_NAMES = "SELECT DISTINCT ?label WHERE {{ {iri} rdfs:label ?label }} ORDER BY ?label LIMIT 12"


class Entities:
    """What a caller who holds `acl` may see of one collection's graph."""

    def __init__(self, graph: GraphQueries, collection: str, acl: frozenset[AccessTag], limits: Limits) -> None:
        self._graph, self._collection, self._acl, self._limits = graph, collection, acl, limits

    async def search(self, text: str, *, limit: int) -> list[FoundEntity]:
        """Those whose label holds the text, those named most often first; without a text, what passages are about most."""
        asked = _SEARCH.format(text=_quoted(text.strip().lower()), limit=limit) if text.strip() else _COMMON.format(limit=limit)
        return [_found(row) for row in await self._rows(asked)]

    async def entity(self, iri: str) -> Entity:
        """One by its IRI, or by its name. Raises NotFound for one that nothing open to the caller names."""
        iri = iri if _IRI.fullmatch(iri) else _by_name(iri)
        names, facts, passages, near = await asyncio.gather(
            self._rows(_NAMES.format(iri=f"<{iri}>")),
            self._rows(_FACTS.format(iri=f"<{iri}>", limit=FACTS + 1)),
            self._rows(_PASSAGES.format(iri=f"<{iri}>", limit=PASSAGES + 1)),
            self._rows(_NEAR.format(iri=f"<{iri}>", limit=NEAR)),
        )
        if not names:
            where = collection_of(self._collection)
            raise NotFound(f"There is nothing called {iri!r} in what is open to you of {where!r}.", param="entity")
        more = len(facts) > FACTS or len(passages) > PASSAGES
        labels = await self._labels({row[part]["value"] for row in facts for part in "spo" if row[part]["type"] == "uri"})
        return Entity(
            iri=iri, labels=tuple(row["label"]["value"] for row in names), facts=_facts(facts[:FACTS], iri, labels),
            passages=tuple(_said(row) for row in passages[:PASSAGES]), near=tuple(_found(row) for row in near), more=more,
        )  # fmt: skip

    async def _labels(self, iris: Iterable[str]) -> Mapping[str, str]:
        named = " ".join(f"<{iri}>" for iri in sorted(iris))
        rows = await self._rows(_LABELS.format(iris=named))
        return {row["x"]["value"]: row["label"]["value"] for row in rows}

    async def _rows(self, text: str) -> Sequence[Mapping[str, Any]]:  # Any: a term in SPARQL's JSON
        answer = await self._graph.query(self._collection, text, acl=self._acl, forms=("json",), limits=self._limits)
        return msgspec.json.decode(answer.body)["results"]["bindings"]


def _facts(rows: Sequence[Mapping[str, Any]], iri: str, labels: Mapping[str, str]) -> tuple[Fact, ...]:
    """Each once, with all places where it is said."""
    said: dict[tuple[str, ...], list[Said]] = {}
    facts: dict[tuple[str, ...], Fact] = {}
    for row in rows:
        key = tuple(f"{row[part]['type']} {row[part]['value']}" for part in "spo")
        inverse = row["s"]["value"] != iri
        other = row["s" if inverse else "o"]
        node = _node(other["value"], labels) if other["type"] == "uri" else None
        facts[key] = Fact(
            property=_node(row["p"]["value"], labels), inverse=inverse, node=node, value=None if node else other["value"]
        )
        said.setdefault(key, []).append(_said(row))
    return tuple(msgspec.structs.replace(fact, said=tuple(said[key])) for key, fact in facts.items())


def _node(iri: str, labels: Mapping[str, str]) -> Node:
    return Node(iri, labels.get(iri) or v.WORDS.get(iri) or iri)


def _said(row: Mapping[str, Any]) -> Said:
    def number(name: str) -> int | None:
        return int(row[name]["value"]) if name in row else None

    passage = row.get("passage")
    return Said(
        document_id=v.id_of(row["document"]["value"]), title=row["title"]["value"],
        passage_id=v.id_of(passage["value"]) if passage else None, start=number("start"), end=number("end"),
    )  # fmt: skip


def _found(row: Mapping[str, Any]) -> FoundEntity:
    return FoundEntity(row["e"]["value"], row["label"]["value"], int(row["n"]["value"]))


def _quoted(text: str) -> str:
    """A string of SPARQL. Signs that are written by a backslash are left out: no label has them."""
    return '"' + re.sub(r'["\\\x00-\x1f]', " ", text) + '"'


def _by_name(name: str) -> str:
    folded = " ".join(filter(None, map(fold, name.split())))
    if not folded or len(name) > 200:
        raise InvalidRequest(f"{name[:80]!r} is neither the IRI of an entity nor a name.", param="entity")
    return v.entity_iri(folded).iri
