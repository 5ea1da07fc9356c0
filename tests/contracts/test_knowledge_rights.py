"""Rights over triples: whatever a query says, its answer is that of a store which holds what is open to the caller alone."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.contracts.rights import *  # noqa: F403 - the tests themselves
from tests.contracts.rights import CALLERS, Door
from tests.contracts.said import said
from tests.contracts.test_knowledge_graph import KINDS, MEMORY, Folder, endpoint, opened

from stoa.adapters.triples.memory import MemoryKnowledge
from stoa.domain.identity import Rights
from stoa.domain.triples import DocumentTriples, Limits, Value
from stoa.knowledge.stating.vocabulary import PREFIXES

__all__ = ["endpoint"]
LIMITS = Limits(seconds=30)


class GraphDoor:
    """A knowledge graph, by several queries that must agree. Each document says one thing that all say, and one of its own."""

    def __init__(self, graph: Any) -> None:  # Any: a graph by both of its sides
        self.graph = graph
        self._ids: dict[str, str] = {}

    async def put(self, documents: Mapping[str, Rights]) -> None:
        for name in documents:
            self._ids.setdefault(name, f"d{len(self._ids)}")
        told = [
            said(self._ids[name], ("x", "is", "common"), ("x", "lies in", Value(name)), acl=each.allow, deny=each.deny)
            for name, each in documents.items()
        ]
        await self.graph.replace("c", [one.id for one in told], told)

    async def share(self, name: str, rights: Rights) -> None:
        await self.graph.grant("c", {self._ids[name]: rights})

    async def remove(self, name: str) -> None:
        await self.graph.replace("c", [self._ids[name]], [])

    async def given(self, caller: str) -> frozenset[str]:
        names = {iri: name for name, iri in self._ids.items()}
        sayers_of = "?f rdf:object <stoa:entity/common> ; prov:wasGeneratedBy/dcterms:isPartOf/dcterms:title ?t"
        values, titles, sayers, (count,), (documents,) = await asyncio.gather(
            self._column(caller, "SELECT ?o { <stoa:entity/x> <stoa:property/lies%20in> ?o }"),
            self._column(caller, "SELECT ?t { ?d dcterms:title ?t }"),
            self._column(caller, f"SELECT DISTINCT ?t {{ {sayers_of} }}"),
            self._column(caller, "SELECT (COUNT(*) AS ?n) { ?s <stoa:property/is> ?o }"),
            self._column(caller, "SELECT (COUNT(?t) AS ?n) { ?d dcterms:title ?t }"),
        )
        assert sorted(names[title] for title in titles) == sorted(names[each] for each in sayers) == sorted(values)
        assert (int(count), int(documents)) == (1 if values else 0, len(values))
        assert (await self.graph.counts("c", acl=CALLERS[caller])).documents == len(values)
        return frozenset(values)

    async def _column(self, caller: str, text: str) -> list[str]:
        answer = await self.graph.query("c", text, acl=CALLERS[caller], forms=("json",), limits=LIMITS)
        return [next(iter(row.values()))["value"] for row in json.loads(answer.body)["results"]["bindings"]]


@pytest.fixture(params=KINDS)
async def door(request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    async with opened(request.param, request) as graph:
        yield GraphDoor(graph)


QUERIES = (
    "SELECT ?s ?p ?o { ?s ?p ?o }",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT (COUNT(DISTINCT ?p) AS ?n) (SUM(STRLEN(STR(?s))) AS ?x) { { SELECT ?s ?p { ?s ?p ?o } ORDER BY ?s } }",
    "SELECT ?g ?s { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?s { GRAPH <stoa:view> { ?s ?p ?o } }",
    "SELECT ?n { GRAPH <stoa:views> { ?s ?p ?n } }",
    "SELECT ?a ?b { ?a (<stoa:property/p>|^<stoa:property/q>)+ ?b }",
    "SELECT ?a ?b { ?a !(rdf:type|rdfs:label) ?b }",
    "SELECT ?a { <stoa:entity/a> (<stoa:property/p>|<stoa:property/q>)* ?a }",
    "SELECT ?s { ?s <stoa:property/p> ?o FILTER NOT EXISTS { ?s <stoa:property/q> ?any } }",
    "SELECT ?s { ?s <stoa:property/p> ?o MINUS { ?o <stoa:property/p> ?any } }",
    "SELECT ?s ?n { { SELECT ?s (COUNT(?o) AS ?n) { ?s <stoa:property/p> ?o } GROUP BY ?s HAVING(COUNT(?o) > 0) } }",
    "SELECT ?s ?t { ?s <stoa:property/p> ?o OPTIONAL { ?f rdf:subject ?s ; prov:wasGeneratedBy/dcterms:isPartOf ?t } }",
    "SELECT ?s (EXISTS { ?s <stoa:property/q> ?x } AS ?q) { ?s <stoa:property/p> ?o }",
    "SELECT DISTINCT ?s { VALUES ?s { <stoa:entity/a> <stoa:entity/b> } { ?s ?p ?o } UNION { ?o ?p ?s } }",
    "ASK { <stoa:entity/a> <stoa:property/p> ?o }",
    "CONSTRUCT { ?o ?p ?s } WHERE { ?s ?p ?o FILTER(ISIRI(?o)) }",
    "CONSTRUCT WHERE { ?s <stoa:property/p> ?o }",
    "DESCRIBE <stoa:entity/a>",
    "DESCRIBE ?s { ?s <stoa:property/p> ?o }",
)
TAGS = ("public", "team:a", "group:hr", "user:ben")
HELD = ("", "public", "team:a public", "group:hr public by:user:ben", "user:ben team:a group:hr")

Fact = tuple[str, str, str | Value]
names = st.sampled_from("abc")
a_fact = st.tuples(names, st.sampled_from("pq"), names | st.sampled_from((Value("1"), Value("x\\u0022 y"))))
some_rights = st.builds(
    Rights, st.frozensets(st.sampled_from(TAGS), min_size=1, max_size=2), st.frozensets(st.sampled_from(TAGS), max_size=1)
)
a_name = st.sampled_from(("d1", "d2", "d3", "d4"))


def a_document_of(name: str, facts: list[Fact], rights: Rights) -> DocumentTriples:
    return said(name, *facts, acl=rights.allow, deny=rights.deny)


a_document = st.builds(a_document_of, a_name, st.lists(a_fact, max_size=5), some_rights)
a_change = (
    st.tuples(st.just("put"), st.lists(a_document, min_size=1, max_size=4, unique_by=lambda one: one.id))
    | st.tuples(st.just("share"), st.dictionaries(a_name, some_rights, min_size=1, max_size=2))
    | st.tuples(st.just("remove"), st.lists(a_name, min_size=1, max_size=2))
)
some_steps = st.lists(st.lists(a_change, min_size=1, max_size=3), min_size=1, max_size=3)
some_queries = st.sets(st.sampled_from(QUERIES), min_size=6, max_size=8)
Steps = Sequence[tuple[str, Any]]  # Any: what is put, shared or removed


@pytest.mark.slow
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(steps=some_steps, queries=some_queries)
def test_every_query_is_answered_as_if_there_were_no_other_documents(steps: Sequence[Steps], queries: set[str]) -> None:
    """A view that has followed many changes holds what a store that is made of the open documents holds."""

    async def tried(root: Path) -> None:
        folder, model = Folder(root), MemoryKnowledge(prefixes=PREFIXES)
        try:
            for changes in steps:
                for kind, what in changes:
                    for graph in (folder, model):
                        await changed(graph, kind, what)
                for held in HELD:
                    acl = frozenset(held.split())
                    told = await asyncio.gather(*(answer(folder, text, acl) for text in sorted(queries)))
                    assert list(told) == [await answer(model, text, acl) for text in sorted(queries)], held
        finally:
            await folder.close()

    with tempfile.TemporaryDirectory(dir=MEMORY) as root:
        asyncio.run(tried(Path(root)))


async def changed(graph: Any, kind: str, what: Any) -> None:
    if kind == "put":
        documents: list[DocumentTriples] = what
        await graph.replace("c", [one.id for one in documents], documents)
    elif kind == "share":
        await graph.grant("c", what)
    else:
        await graph.replace("c", what, [])


async def answer(graph: Any, text: str, acl: frozenset[str]) -> list[str]:
    """The lines of an answer in any order."""
    told = await graph.query("c", text, acl=acl, forms=("tsv", "json", "n-triples"), limits=LIMITS)
    return sorted(told.body.decode().splitlines())
