"""Relations that a model finds: asked for by the collection's own route, kept if they stand in the passage."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from stoa.adapters.triples.memory import MemoryKnowledge
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.resources import Collection
from stoa.domain.triples import Limits
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.errors import ProviderError
from stoa.knowledge.stating.extract import ModelExtractor, relations_of
from stoa.knowledge.stating.stated import StatedIndex
from stoa.knowledge.stating.vocabulary import PREFIXES

TEXT = "Ada Byron founded the Difference Works in Troy."
CHUNK = Chunk(
    id="d.0",
    document_id="d",
    title="Founders",
    path="f.md",
    heading=(),
    page=None,
    start=0,
    end=9,
    context="Founders",
    text=TEXT,
)


def answer(*relations: tuple[str, str, str]) -> str:
    return json.dumps({"relations": [dict(zip(("subject", "relation", "object"), each, strict=True)) for each in relations]})


class Model:
    """Answers with what it is given, or fails."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), list[tuple[Mapping[str, Any], str]]()

    async def complete(self, request: Mapping[str, Any], *, team: str) -> str:
        self.asked.append((request, team))
        if not self.answers:
            raise ProviderError("nobody is there")
        return self.answers.pop(0)


async def graph_of(model: Model, *, route: str | None) -> list[str]:
    """Who founded what, by the graph."""

    async def collection(_: str) -> Collection:
        return Collection(name="c", team="lab", extraction_route=route)

    graph, index = MemoryKnowledge(prefixes=PREFIXES), MemoryIndex()
    stated = StatedIndex(index, graph, ModelExtractor(model, collection))
    acl = frozenset({"team:lab"})
    await stated.replace("c", ["d"], [IndexedChunk(CHUNK, (1.0,), acl)])
    assert [passage.id for passage in await index.of_ids("c", ["d.0"], acl=acl)] == ["d.0"]
    query = 'SELECT ?o { ?s ?p ?o . ?p rdfs:label "founded" }'
    told = await graph.query("c", query, acl=acl, forms=("csv",), limits=Limits())
    return told.body.decode().split()[1:]


async def test_the_route_of_the_collection_is_asked_for_its_team_with_a_schema() -> None:
    model = Model(answer(("Ada Byron", "founded", "Difference Works")))
    assert await graph_of(model, route="small") == ["stoa:entity/difference%20works"]
    ((request, team),) = model.asked
    assert (team, request["model"], request["response_format"]["type"]) == ("lab", "small", "json_schema")
    assert TEXT in request["messages"][1]["content"]


async def test_nobody_is_asked_where_no_route_is_named() -> None:
    model = Model()
    assert await graph_of(model, route=None) == []
    assert model.asked == []


@pytest.mark.parametrize("answers", [(), ("no json",), ('{"relations": 7}',), ("{}",)])
async def test_a_model_that_fails_or_talks_nonsense_leaves_the_document_searchable(answers: tuple[str, ...]) -> None:
    assert await graph_of(Model(*answers), route="small") == []


def test_what_does_not_stand_in_the_passage_is_dropped() -> None:
    kept = relations_of(
        answer(
            ("Ada Byron", "founded", "Difference Works"),
            ("Ada Byron", "Married  To", "Troy"),
            ("Ada Byron", "founded", "Acme"),
            ("Charles", "founded", "Troy"),
            ("ada byron", "founded", "Troy"),
            ("Troy", "is", "Troy"),
            ("Troy", "", "Ada Byron"),
            ("Difference Works", "is a", "Works"),
        ),
        CHUNK,
    )
    assert [
        (each.subject.name, each.property, each.object if isinstance(each.object, str) else each.object.name) for each in kept
    ] == [
        ("ada byron", "founded", "difference works"),
        ("ada byron", "married to", "troy"),
        ("difference works", "is a", "works"),
    ]
