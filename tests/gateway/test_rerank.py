"""Rerank: passed on as it is to servers that take it so, and put into another form for those that do not."""

import json

import pytest

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.domain.resources import Model, Provider
from stoa.domain.snapshot import Access

ASKED = {"model": "sorter", "query": "rain", "documents": ["sun", "rain", "snow"], "top_n": 2, "return_documents": True}
SCORES = [{"index": 0, "score": 0.1}, {"index": 1, "score": 0.9}, {"index": 2, "score": 0.5}]
JINA = {"results": [{"index": 1, "relevance_score": 0.9}], "usage": {"prompt_tokens": 9, "total_tokens": 9}}


def sorting(house, kind: str, answer: object):
    return house(
        Scripted(200, [json.dumps(answer).encode()], JSON),
        access=(Access(True, frozenset(), frozenset(), frozenset({"sorter"})),),
        providers={"one": Provider(name="one", base_url="http://one", type=kind)},
        models={"sorter": Model(name="sorter", provider="one", upstream_name="bge", operation="rerank")},
        routes={}, assistants={}, collections={},
    )  # fmt: skip


async def test_hugging_face_is_asked_in_its_form_and_the_client_answered_in_its_own(house) -> None:
    here = sorting(house, "tei", SCORES)
    reply = await here.ask("/v1/rerank", ASKED)
    (sent,) = here.upstreams.sent
    assert (sent.url, json.loads(sent.body)) == ("http://one/rerank", {"query": "rain", "texts": ["sun", "rain", "snow"]})
    assert reply.status == 200
    assert reply.json["model"] == "sorter"
    assert reply.json["results"] == [
        {"index": 1, "relevance_score": 0.9, "document": {"text": "rain"}},
        {"index": 2, "relevance_score": 0.5, "document": {"text": "snow"}},
    ]


@pytest.mark.parametrize("kind", ["vllm", "openai-compatible", "together"])
async def test_servers_that_take_what_clients_write_get_it_as_it_is(house, kind: str) -> None:
    here = sorting(house, kind, JINA)
    reply = await here.ask("/v1/rerank", ASKED)
    assert (reply.status, reply.json) == (200, JINA)
    assert json.loads(here.upstreams.sent[0].body) == {**ASKED, "model": "bge"}
    assert here.facts[0].prompt_tokens == 9


async def test_what_a_form_has_no_place_for_is_refused_by_name(house) -> None:
    here = sorting(house, "tei", SCORES)
    reply = await here.ask("/v1/rerank", {**ASKED, "max_tokens_per_doc": 100})
    assert (reply.status, reply.error["param"], here.upstreams.sent) == (400, "max_tokens_per_doc", [])


async def test_an_answer_of_another_form_is_an_error(house) -> None:
    reply = await sorting(house, "tei", {"results": []}).ask("/v1/rerank", ASKED)
    assert (reply.status, reply.error["code"]) == (502, "upstream_malformed")
