"""Searching without an answer: for Stoa's own roles, with the access tags that they bring."""

import time
from typing import Any

import pytest
from tests.gateway.conftest import BEHALF_KEY

from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.behalf import Behalf, mint
from stoa.domain.graph import Link
from stoa.domain.vectors import Chunk, IndexedChunk

SEARCH, OF_DOCUMENT, LINKS = "/v1/passages/search", "/v1/passages/of-document", "/v1/passages/links"
QUESTION = {"collections": ["handbook"], "question": "trains", "limit": 2, "acl": ["group:hr"]}


def token(team: str = "company") -> str:
    return mint(Behalf(team=team), key=BEHALF_KEY, now_s=time.time())


def indexed(number: int, *acl: str) -> IndexedChunk:
    chunk = Chunk(
        id=f"d.{number}", document_id="d", title="D", path="d.md", heading=(), page=None, start=number * 10,
        end=number * 10 + 5, context="", text=f"text {number}",
    )  # fmt: skip
    return IndexedChunk(chunk, [1.0], frozenset(acl))


async def test_a_search_goes_by_the_tags_that_the_role_brings(house, make) -> None:
    here = house()
    here.documents.passages = [make.passage(1), make.passage(2), make.passage(3)]
    reply = await here.ask(SEARCH, QUESTION, key=token())
    assert (reply.status, [each["id"] for each in reply.json["passages"]]) == (200, ["p1", "p2"])
    assert here.documents.asked == [("trains", ("handbook",), frozenset({"group:hr"}), "company")]


async def test_the_passages_of_a_document_are_listed_under_its_rights(house) -> None:
    index = MemoryIndex()
    await index.replace("handbook", ["d"], [indexed(2, "team:a"), indexed(1, "team:a", "group:hr")])
    here = house(index=index)
    body = {"collection": "handbook", "document_id": "d", "acl": ["group:hr"]}
    assert [each["id"] for each in (await here.ask(OF_DOCUMENT, body, key=token())).json] == ["d.1"]
    assert (await here.ask(OF_DOCUMENT, body | {"acl": []}, key=token())).json == []


async def test_keys_do_not_search_this_way(house) -> None:
    reply = await house().ask(SEARCH, QUESTION | {"acl": ["group:hr", "group:board"]})
    assert (reply.status, "api/collections" in reply.error["message"]) == (404, True)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (QUESTION | {"collections": ["hendbook"]}, 404, "Did you mean 'handbook'?"),
        (QUESTION | {"lim": 1}, 400, "lim"),
        ({}, 400, "collections"),
        (b"\xff", 400, "cannot be read"),
    ],
)
async def test_what_cannot_be_searched_is_said(house, body: Any, status: int, told: str) -> None:
    reply = await house().ask(SEARCH, body, key=token())
    assert (reply.status, told in reply.error["message"]) == (status, True), reply.error


async def test_links_come_with_the_passages_that_they_lead_to(house) -> None:
    class Graph:
        async def links(self, collection: str, passage: str, *, acl: frozenset[str], limit: int) -> list[Link]:
            assert (collection, passage, acl, limit) == ("handbook", "d.1", frozenset({"group:hr"}), 3)
            return [Link(name="upper house", about=True, passages=("d.2", "d.9"), more=False)]

    index = MemoryIndex()
    await index.replace("handbook", ["d"], [indexed(2, "group:hr")])
    body = {"collection": "handbook", "passage_id": "d.1", "limit": 3, "acl": ["group:hr"]}
    (link,) = (await house(index=index, links=Graph()).ask(LINKS, body, key=token())).json
    assert (link["name"], link["about"], [each["id"] for each in link["passages"]]) == ("upper house", True, ["d.2"])
    assert (await house(index=index).ask(LINKS, body, key=token())).json == []
