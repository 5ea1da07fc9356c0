"""Embeddings: OpenAI's form carried to Cohere, Google and AWS."""

import base64
import json
import struct

import pytest

from stoa.dialects.answer import TokenUsage
from stoa.dialects.embeddings import FORMS, join_answers, read_request
from stoa.domain.upstream import Facts, UpstreamForm
from stoa.errors import InvalidRequest

FACTS = Facts()
MODELS: dict[UpstreamForm, str] = {
    "cohere": "embed-v4.0",
    "gemini": "gemini-embedding-001",
    "bedrock": "amazon.titan-embed-text-v2:0",
}


def bodies(form: UpstreamForm, facts: Facts = FACTS, model: str | None = None, **fields: object) -> list[dict[str, object]]:
    request = read_request(json.dumps({"model": "route", "input": "a"} | fields).encode())
    return [json.loads(body) for body in FORMS[form].write(request, model=model or MODELS[form], facts=facts)]


def test_cohere_is_asked_with_many_texts_at_once() -> None:
    assert bodies("cohere", input=["a", "b"], dimensions=256, input_type="search_query", user="anna") == [
        {"model": "embed-v4.0", "texts": ["a", "b"], "input_type": "search_query", "embedding_types": ["float"],
         "truncate": "NONE", "output_dimension": 256}
    ]  # fmt: skip
    assert [len(body["texts"]) for body in bodies("cohere", input=["a"] * 200)] == [96, 96, 8]  # type: ignore[arg-type]


def test_google_is_asked_with_a_request_for_each_text() -> None:
    assert bodies("gemini", input=["a", "b"], dimensions=256, input_type="search_document") == [
        {"requests": [
            {"content": {"parts": [{"text": text}]}, "model": "models/gemini-embedding-001", "taskType": "RETRIEVAL_DOCUMENT",
             "outputDimensionality": 256} for text in ("a", "b")
        ]}
    ]  # fmt: skip
    assert [len(body["requests"]) for body in bodies("gemini", input=["a"] * 101)] == [100, 1]  # type: ignore[arg-type]


def test_titan_is_asked_once_a_text() -> None:
    assert bodies("bedrock", input=["a", "b"], dimensions=256) == [
        {"inputText": text, "dimensions": 256} for text in ("a", "b")
    ]
    assert bodies("bedrock", model="amazon.titan-embed-image-v1", dimensions=256) == [
        {"inputText": "a", "embeddingConfig": {"outputEmbeddingLength": 256}}
    ]


def test_cohere_on_bedrock_is_asked_in_coheres_form_without_a_name() -> None:
    assert bodies("bedrock", model="cohere.embed-multilingual-v3", input=["a", "b"]) == [
        {"texts": ["a", "b"], "input_type": "search_document", "embedding_types": ["float"], "truncate": "NONE"}
    ]


@pytest.mark.parametrize(
    ("form", "model", "fields", "param"),
    [
        ("bedrock", "amazon.titan-embed-text-v1", {"dimensions": 256}, "dimensions"),
        ("bedrock", "amazon.titan-embed-text-v2:0", {"input_type": "search_query"}, "input_type"),
        ("bedrock", "arn:aws:bedrock:eu-west-1::x", {}, "model"),
        ("cohere", "embed-v4.0", {"input_type": "other"}, "input_type"),
        ("gemini", "gemini-embedding-001", {"input_type": "other"}, "input_type"),
    ],
)
def test_what_a_form_has_no_place_for_is_refused(form: UpstreamForm, model: str, fields: dict[str, object], param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        bodies(form, model=model, **fields)
    assert refusal.value.param == param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": [1, 2, 3]}, "input"),
        ({"input": [[1, 2], [3]]}, "input"),
        ({"input": ["a", 3]}, "input"),
        ({"input": []}, "input"),
        ({"input": 3}, "input"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"dimensions": "many"}, "dimensions"),
        ({"late_chunking": True}, "late_chunking"),
    ],
)
def test_a_request_that_cannot_be_carried_is_refused_by_name(fields: dict[str, object], param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_request(json.dumps({"model": "route", "input": "a"} | fields).encode())
    assert refusal.value.param == param


@pytest.mark.parametrize("body", [b"", b"[]", b"{"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_request(body)


COHERE = {"id": "x", "embeddings": {"float": [[0.5, -1.0]]}, "texts": ["a"], "meta": {"billed_units": {"input_tokens": 2}}}
GOOGLE = {"embeddings": [{"values": [0.5, -1.0]}], "usageMetadata": {"promptTokenCount": 2}}
TITAN = {"embedding": [0.5, -1.0], "embeddingsByType": {"float": [0.5, -1.0]}, "inputTextTokenCount": 2}


@pytest.mark.parametrize(("form", "answer"), [("cohere", COHERE), ("gemini", GOOGLE), ("bedrock", TITAN)])
def test_answers_of_several_calls_become_one(form: UpstreamForm, answer: dict[str, object]) -> None:
    request = read_request(b'{"model":"route","input":["a","b"]}')
    joined = join_answers(FORMS[form], [json.dumps(answer).encode()] * 2, request, model="route")
    assert json.loads(joined.body) == {
        "object": "list",
        "data": [{"object": "embedding", "index": place, "embedding": [0.5, -1.0]} for place in (0, 1)],
        "model": "route",
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }
    assert joined.usage == TokenUsage(input=4)


def test_vectors_are_packed_when_the_client_wants_that() -> None:
    request = read_request(b'{"model":"route","input":"a","encoding_format":"base64"}')
    joined = join_answers(FORMS["cohere"], [json.dumps(COHERE).encode()], request, model="route")
    packed = json.loads(joined.body)["data"][0]["embedding"]
    assert struct.unpack("<2f", base64.b64decode(packed)) == (0.5, -1.0)


@pytest.mark.parametrize(
    "answer", [{"embeddings": [[1, 2]], "response_type": "embeddings_floats"}, {"embeddings": {"float": [[1, 2]]}}]
)
def test_tokens_that_cohere_on_bedrock_does_not_tell_are_unknown(answer: dict[str, object]) -> None:
    joined = join_answers(
        FORMS["bedrock"], [json.dumps(answer).encode()], read_request(b'{"model":"r","input":"a"}'), model="r"
    )
    assert joined.usage == TokenUsage()
    assert json.loads(joined.body)["usage"] == {"prompt_tokens": 0, "total_tokens": 0}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("body", [b"", b"{}", b'{"embeddings": []}', b'{"embeddings": [{"values": [1]}, {"values": [1]}]}'])
def test_an_answer_that_does_not_fit_is_a_value_error(form: UpstreamForm, body: bytes) -> None:
    with pytest.raises(ValueError):
        join_answers(FORMS[form], [body], read_request(b'{"model":"r","input":"a"}'), model="r")
