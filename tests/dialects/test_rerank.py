"""Rerank: one form for clients, two more for upstreams."""

import json
from typing import Any, get_args

import pytest

from stoa.dialects.answer import TokenUsage
from stoa.dialects.rerank import Style, read, read_request, write
from stoa.domain.upstream import Facts
from stoa.errors import InvalidRequest

ASKED: dict[str, Any] = {"model": "route", "query": "rain", "documents": ["sun", {"text": "rain"}, "snow"], "top_n": 2}


def asked(**fields: object) -> Any:
    return read_request(json.dumps(ASKED | fields).encode())


@pytest.mark.parametrize(
    ("style", "body"),
    [
        ("cohere", {"model": "m", "query": "rain", "documents": ["sun", "rain", "snow"], "top_n": 2}),
        ("tei", {"query": "rain", "texts": ["sun", "rain", "snow"]}),
    ],
)
def test_each_style_is_asked_in_its_own_words(style: Style, body: dict[str, object]) -> None:
    assert json.loads(write(asked(return_documents=True), style=style, model="m", facts=Facts())) == body


SCORES = [{"index": 2, "relevance_score": 0.25}, {"index": 1, "relevance_score": 0.75}]


@pytest.mark.parametrize(
    ("style", "wire", "beside", "usage", "units"),
    [
        ("cohere", {"id": "c", "results": SCORES,
          "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}},
         {"id": "c", "meta": {"billed_units": {"search_units": 1}}}, TokenUsage(), 1),
        ("tei", [{"index": 2, "score": 0.25}, {"index": 1, "score": 0.75}, {"index": 0, "score": 0.125}],
         {"id": "ours"}, TokenUsage(), None),
    ],
)  # fmt: skip
def test_each_style_is_read_best_first(
    style: Style, wire: object, beside: dict[str, object], usage: TokenUsage, units: int | None
) -> None:
    found = read(json.dumps(wire).encode(), asked(), style=style, model="route", answer_id="ours")
    results = [{"index": 1, "relevance_score": 0.75}, {"index": 2, "relevance_score": 0.25}]
    assert json.loads(found.body) == {"model": "route", "results": results} | beside
    assert (found.usage, found.search_units) == (usage, units)


def test_documents_come_back_as_the_client_wrote_them() -> None:
    found = read(
        json.dumps({"results": SCORES}).encode(), asked(return_documents=True), style="cohere", model="r", answer_id="a"
    )
    assert [result["document"] for result in json.loads(found.body)["results"]] == [{"text": "rain"}, {"text": "snow"}]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"documents": []}, "documents"),
        ({"documents": ["a", {"title": "b"}]}, "documents[1]"),
        ({"documents": [{"text": "b", "url": "c"}]}, "documents[0]"),
        ({"documents": [3]}, "documents[0]"),
        ({"top_n": 0}, "top_n"),
        ({"query": None}, "query"),
        ({"rank_fields": ["a"]}, "rank_fields"),
    ],
)
def test_a_request_that_cannot_be_carried_is_refused_by_name(fields: dict[str, object], param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        asked(**fields)
    assert refusal.value.param == param


@pytest.mark.parametrize("style", get_args(Style))
def test_cutting_documents_is_asked_of_cohere_alone(style: Style) -> None:
    request = asked(max_tokens_per_doc=512)
    if style == "cohere":
        assert json.loads(write(request, style=style, model="m", facts=Facts()))["max_tokens_per_doc"] == 512
        return
    with pytest.raises(InvalidRequest) as refusal:
        write(request, style=style, model="m", facts=Facts())
    assert refusal.value.param == "max_tokens_per_doc"


@pytest.mark.parametrize("style", get_args(Style))
@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"results": [{"index": 0}]}', b'{"results": [{"index": 3, "score": 1}]}', b'[{"index": -1}]']
)
def test_an_answer_that_does_not_fit_is_a_value_error(style: Style, body: bytes) -> None:
    with pytest.raises(ValueError):
        read(body, asked(), style=style, model="m", answer_id="a")
