"""Embeddings and rerank in the forms of Cohere, Google and AWS: several calls become one answer, and fail as one."""

import asyncio
import base64
import json
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from tests.adapters.providers.scripted import PEM
from tests.gateway.operating import told

from stoa.adapters.providers.memory import JSON, Scripted, Sent
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Model, Provider, Route, Target
from stoa.domain.snapshot import Access
from stoa.domain.upstream import Failure
from stoa.gateway.reshaping import AT_ONCE

ACCOUNT = {"client_email": "a@b", "private_key": PEM, "private_key_id": "k", "token_uri": "http://tokens/token"}
PROVIDERS = {
    "cohere": Provider(name="cohere", type="cohere", api_key="sealed:k"),
    "gemini": Provider(name="gemini", type="gemini", api_key="sealed:k"),
    "bedrock": Provider(name="bedrock", type="bedrock", region="eu-west-1", api_key="sealed:k"),
    "vertex": Provider(
        name="vertex", type="vertex", project="p", region="eu", credentials={"service_account": f"sealed:{json.dumps(ACCOUNT)}"}
    ),
    "plain": Provider(name="plain", base_url="http://plain/v1"),
}
NAMES = {
    "cohere": "embed-v4.0", "gemini": "gemini-embedding-001", "bedrock": "amazon.titan-embed-text-v2:0",
    "vertex": "text-embedding-005", "plain": "up-embed",
}  # fmt: skip
URLS = {
    "cohere": "https://api.cohere.com/v2/embed",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/models/gemini-embedding-001:batchEmbedContents",
    "bedrock": "https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.titan-embed-text-v2%3A0/invoke",
    "vertex": "https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/publishers/google/models/text-embedding-005:predict",
    "plain": "http://plain/v1/embeddings",
}
FOREIGN = ("cohere", "gemini", "bedrock", "vertex")
PRICE = ModelPrice(100.0, 0.0)


def vector(text: str) -> list[float]:
    """What stands for a text: 32-bit floats, exactly."""
    return [float(len(text)), 0.5]


def embedded(sent: Sent, *, tokens: bool = True) -> Scripted:
    """What each of the providers answers, in its own form; three tokens a text."""
    if sent.url.endswith("/token"):
        return told({"access_token": "t", "expires_in": 3600})
    body: Any = json.loads(sent.body)
    if "cohere" in sent.url:
        meta = {"meta": {"billed_units": {"input_tokens": 3 * len(body["texts"])}}} if tokens else {}
        return told({"id": "x", "embeddings": {"float": [vector(text) for text in body["texts"]]}, **meta})
    if "generativelanguage" in sent.url:
        texts = [each["content"]["parts"][0]["text"] for each in body["requests"]]
        usage = {"usageMetadata": {"promptTokenCount": 3 * len(texts)}} if tokens else {}
        return told({"embeddings": [{"values": vector(text)} for text in texts], **usage})
    if "bedrock" in sent.url:
        usage = {"inputTextTokenCount": 3} if tokens else {}
        return told({"embedding": vector(body["inputText"]), **usage})
    if "aiplatform" in sent.url:
        found = [{"values": vector(each["content"]), "statistics": {"token_count": 3}} for each in body["instances"]]
        return told({"predictions": [{"embeddings": each} for each in found]})
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    data = [{"object": "embedding", "index": place, "embedding": vector(text)} for place, text in enumerate(texts)]
    usage = {"prompt_tokens": 3 * len(texts), "total_tokens": 3 * len(texts)}
    return told({"object": "list", "data": data, "model": "up", "usage": usage})


@pytest.fixture
def embeds(house: Callable[..., Any]) -> Callable[..., Any]:
    """`embeds(script, **changes)`: a house with an embedding model of each provider, called as its provider is."""

    def build(script: Any = embedded, **changes: Any) -> Any:
        fields: dict[str, Any] = {
            "providers": PROVIDERS,
            "models": {
                name: Model(name=name, provider=name, upstream_name=NAMES[name], operation="embedding") for name in PROVIDERS
            },
            "prices": dict.fromkeys(PROVIDERS, PRICE),
            "routes": {
                "both": Route(name="both", targets=(Target(model="cohere"),), fallback=("plain",)),
            },
            "access": (Access(True, frozenset(), frozenset({*PROVIDERS, "both"})),),
            "assistants": {},
            "collections": {},
        }  # fmt: skip
        return house(script, **(fields | changes))

    return build


async def embed(here: Any, model: str, texts: Any, **fields: Any) -> Any:
    return await here.ask("/v1/embeddings", {"model": model, "input": texts, **fields})


# --- embeddings


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_every_provider_answers_in_openais_form(embeds: Any, provider: str) -> None:
    here = embeds()
    reply = await embed(here, provider, ["a", "bcd"])
    assert reply.status == 200, reply.body
    assert [each["embedding"] for each in reply.json["data"]] == [[1.0, 0.5], [3.0, 0.5]]
    assert [(each["object"], each["index"]) for each in reply.json["data"]] == [("embedding", 0), ("embedding", 1)]
    assert (reply.json["object"], reply.json["usage"]) == ("list", {"prompt_tokens": 6, "total_tokens": 6})
    assert {sent.url for sent in here.upstreams.sent} - {"http://tokens/token"} == {URLS[provider]}
    (fact,) = here.facts
    assert (fact.operation, fact.provider, fact.prompt_tokens, fact.tokens_from) == ("embedding", provider, 6, "provider")
    assert fact.cost_nano_usd == 600


@pytest.mark.parametrize("provider", FOREIGN)
async def test_vectors_are_packed_as_openais_client_wants_them(embeds: Any, provider: str) -> None:
    reply = await embed(embeds(), provider, "abc", encoding_format="base64")
    packed = base64.b64decode(reply.json["data"][0]["embedding"])
    assert struct.unpack("<2f", packed) == (3.0, 0.5)


@pytest.mark.parametrize("form", ["base64", "float"])
async def test_a_server_of_openais_form_is_asked_for_the_encoding_itself(embeds: Any, form: str) -> None:
    here = embeds()
    await embed(here, "plain", ["a"], encoding_format=form, dimensions=2)
    sent = json.loads(here.upstreams.sent[0].body)
    assert sent == {"model": "up-embed", "input": ["a"], "encoding_format": form, "dimensions": 2}


async def test_tokens_pass_to_servers_of_openais_form_and_are_refused_for_others(embeds: Any) -> None:
    def script(sent: Sent) -> Scripted:
        assert json.loads(sent.body)["input"] == [[1, 2], [3]]
        return told({"object": "list", "data": [], "usage": {"prompt_tokens": 3, "total_tokens": 3}})

    here = embeds(script)
    assert (await embed(here, "plain", [[1, 2], [3]])).status == 200
    reply = await embed(here, "cohere", [[1, 2], [3]])
    assert (reply.status, reply.error["param"]) == (400, "input")
    assert len(here.upstreams.sent) == 1


@pytest.mark.parametrize(
    ("provider", "calls"), [("cohere", [96, 96, 8]), ("gemini", [100, 100]), ("vertex", [100, 100]), ("bedrock", [1] * 200)]
)
async def test_more_texts_than_a_provider_takes_become_several_calls_in_order(
    embeds: Any, provider: str, calls: list[int]
) -> None:
    sizes: list[int] = []

    def script(sent: Sent) -> Scripted:
        answer = embedded(sent)
        if not sent.url.endswith("/token"):
            body = json.loads(sent.body)
            sizes.append(len(body.get("texts") or body.get("requests") or body.get("instances") or [1]))
        return answer

    here = embeds(script)
    texts = ["x" * number for number in range(1, 201)]
    reply = await embed(here, provider, texts)
    assert reply.status == 200
    assert sorted(sizes, reverse=True) == calls
    assert [each["embedding"][0] for each in reply.json["data"]] == list(range(1, 201))
    (fact,) = here.facts
    assert (fact.prompt_tokens, fact.cost_nano_usd, fact.attempts) == (600, 60_000, 1)


async def test_gemini_s_model_on_vertex_takes_one_text_a_call(embeds: Any) -> None:
    model = Model(name="vertex", provider="vertex", upstream_name="gemini-embedding-001", operation="embedding")
    here = embeds(models={"vertex": model}, routes={})
    reply = await embed(here, "vertex", ["a", "bb", "ccc"])
    assert [each["embedding"][0] for each in reply.json["data"]] == [1, 2, 3]
    asked = [json.loads(sent.body)["instances"] for sent in here.upstreams.sent if sent.url.endswith(":predict")]
    assert [len(each) for each in asked] == [1, 1, 1]


async def test_only_so_many_calls_are_under_way_at_once(embeds: Any) -> None:
    here = embeds(Scripted(200, [], JSON, hold=True))
    reply = here.begin("/v1/embeddings", {"model": "bedrock", "input": ["x"] * 50})
    await asyncio.sleep(0)
    assert len(here.upstreams.sent) == AT_ONCE
    reply.intake.on_gone()
    assert len(here.upstreams.cancelled) == AT_ONCE


@pytest.mark.parametrize("provider", ["cohere", "gemini", "bedrock"])
async def test_tokens_that_nobody_told_are_estimated_and_said_to_be(embeds: Any, provider: str) -> None:
    here = embeds(partial(embedded, tokens=False))
    reply = await embed(here, provider, ["some text to embed"])
    assert reply.json["usage"] == {"prompt_tokens": 0, "total_tokens": 0}
    (fact,) = here.facts
    assert fact.tokens_from == "estimate"
    assert fact.prompt_tokens > 4
    assert fact.cost_nano_usd > 0


def failing(after: int, answer: Scripted) -> Callable[[Sent], Scripted]:
    """Cohere gives so many answers, then that one; the others work."""
    given = 0

    def script(sent: Sent) -> Scripted:
        nonlocal given
        if "cohere" not in sent.url:
            return embedded(sent)
        given += 1
        return embedded(sent) if given <= after else answer

    return script


LATE = Scripted(429, [b'{"message":"too many"}'], (*JSON, (b"retry-after", b"7")))


async def test_when_a_part_fails_all_fails_and_what_was_answered_is_paid_once(embeds: Any) -> None:
    here = embeds(failing(2, LATE))
    reply = await embed(here, "cohere", ["x"] * 250)
    assert (reply.status, reply.error["code"], reply.named["retry-after"]) == (429, "upstream_rate_limited", "7")
    assert reply.named["x-stoa-cost-nano-usd"] == "57600"
    (fact,) = here.facts
    assert (fact.status, fact.prompt_tokens, fact.cost_nano_usd) == (429, None, 96 * 2 * 3 * 100)


async def test_when_another_target_answers_both_are_paid(embeds: Any) -> None:
    here = embeds(failing(2, LATE))
    reply = await embed(here, "both", ["x"] * 250)
    assert (reply.status, reply.named["x-stoa-model"], len(reply.json["data"])) == (200, "plain", 250)
    (fact,) = here.facts
    assert (fact.prompt_tokens, fact.cost_nano_usd) == (750, 57_600 + 75_000)


async def test_a_part_whose_price_is_unknown_makes_the_cost_unknown(embeds: Any) -> None:
    here = embeds(failing(2, LATE), prices={"plain": PRICE})
    assert (await embed(here, "both", ["x"] * 250)).status == 200
    assert here.facts[0].cost_nano_usd is None


async def test_a_failure_of_the_first_part_costs_nothing(embeds: Any) -> None:
    here = embeds(failing(0, LATE))
    await embed(here, "cohere", ["x"] * 250)
    assert here.facts[0].cost_nano_usd == 0
    assert len(here.upstreams.cancelled) == 2


@pytest.mark.parametrize(
    "answer",
    [
        told({"embeddings": {"float": [[1.0]]}, "meta": {"billed_units": {"input_tokens": 3}}}),
        Scripted(200, [b"{"], JSON),
        Scripted(200, [], JSON, Failure("truncated", "it broke off")),
    ],
)
async def test_answers_that_do_not_fit_are_no_answer(embeds: Any, answer: Scripted) -> None:
    here = embeds(failing(1, answer))
    reply = await embed(here, "cohere", ["x"] * 100)
    assert (reply.status, here.facts[0].status) == (502, 502)
    assert "data" not in reply.json


@pytest.mark.parametrize(
    ("provider", "answer"),
    [
        ("cohere", Scripted(400, [b'{"id":"1","message":"invalid request: texts too long"}'], JSON)),
        ("gemini", Scripted(400, [b'{"error":{"code":400,"message":"texts too long","status":"INVALID_ARGUMENT"}}'], JSON)),
        ("bedrock", Scripted(400, [b'{"message":"texts too long"}'], JSON)),
    ],
)
async def test_a_refusal_is_said_in_openais_form(embeds: Any, provider: str, answer: Scripted) -> None:
    reply = await embed(embeds(answer), provider, "x")
    assert (reply.status, reply.error["code"]) == (400, "upstream_refused")
    assert "texts too long" in reply.error["message"]


async def test_what_a_foreign_form_has_no_place_for_is_refused_by_name_before_anybody_is_asked(embeds: Any) -> None:
    here = embeds()
    reply = await embed(here, "cohere", "x", late_chunking=True)
    assert (reply.status, reply.error["param"], here.upstreams.sent) == (400, "late_chunking", [])


# --- rerank


ASKED: dict[str, Any] = {"query": "rain", "documents": ["sun", {"text": "rain"}, "snow"], "top_n": 2}
SCORES = [{"index": 1, "relevance_score": 0.75}, {"index": 2, "relevance_score": 0.25}]
OF_COHERE = {"id": "c", "results": SCORES, "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}}
OF_VLLM = {
    "id": "rerank-1", "model": "up", "usage": {"prompt_tokens": 9, "total_tokens": 9},
    "results": [{"index": 1, "document": {"text": "rain"}, "relevance_score": 0.75}],
}  # fmt: skip
OF_JINA = {"model": "up", "object": "list", "usage": {"total_tokens": 15}, "results": SCORES}


@pytest.fixture
def reranks(embeds: Callable[..., Any]) -> Callable[..., Any]:
    def build(script: Any, **changes: Any) -> Any:
        models = {name: Model(name=name, provider=name, upstream_name="up", operation="rerank") for name in PROVIDERS}
        access = (Access(True, frozenset(), frozenset(), frozenset(models)),)
        return embeds(script, **({"models": models, "access": access, "routes": {}} | changes))

    return build


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
async def test_cohere_is_asked_in_its_own_form_at_both_paths_of_its_clients(reranks: Any, path: str) -> None:
    here = reranks(told(OF_COHERE))
    reply = await here.ask(path, {"model": "cohere", **ASKED, "return_documents": True, "max_tokens_per_doc": 512})
    (sent,) = here.upstreams.sent
    assert sent.url == "https://api.cohere.com/v2/rerank"
    assert json.loads(sent.body) == {
        "model": "up", "query": "rain", "documents": ["sun", "rain", "snow"], "top_n": 2, "max_tokens_per_doc": 512
    }  # fmt: skip
    assert reply.json == {
        "id": "c", "model": "cohere", "meta": {"billed_units": {"search_units": 1}},
        "results": [SCORES[0] | {"document": {"text": "rain"}}, SCORES[1] | {"document": {"text": "snow"}}],
    }  # fmt: skip
    (fact,) = here.facts
    assert (fact.operation, fact.prompt_tokens, fact.tokens_from, fact.cost_nano_usd) == ("rerank", None, "none", None)


@pytest.mark.parametrize(("answer", "tokens"), [(OF_VLLM, 9), (OF_JINA, 15)])
async def test_servers_of_jinas_form_are_passed_through_and_tell_their_tokens(
    reranks: Any, answer: dict[str, Any], tokens: int
) -> None:
    here = reranks(told(answer))
    reply = await here.ask("/v1/rerank", {"model": "plain", **ASKED})
    assert reply.json == answer
    assert here.upstreams.sent[0].url == "http://plain/v1/rerank"
    assert json.loads(here.upstreams.sent[0].body) == {"model": "up", **ASKED}
    (fact,) = here.facts
    assert (fact.prompt_tokens, fact.completion_tokens, fact.cost_nano_usd) == (tokens, 0, tokens * 100)


async def test_the_same_rerank_is_answered_from_the_cache(reranks: Any) -> None:
    here = reranks(told(OF_VLLM))
    first, second = [await here.ask("/v1/rerank", {"model": "plain", **ASKED}) for _ in range(2)]
    assert (first.named["x-stoa-cache"], second.named["x-stoa-cache"], second.json) == ("miss", "hit", OF_VLLM)
    assert len(here.upstreams.sent) == 1


@pytest.mark.parametrize("provider", ["gemini", "bedrock"])
async def test_who_does_not_rerank_is_named(reranks: Any, provider: str) -> None:
    reply = await reranks(told({})).ask("/v1/rerank", {"model": provider, **ASKED})
    assert (reply.status, reply.error["code"]) == (404, "not_offered")
    assert f"{provider!r} does not offer /v1/rerank" in reply.error["message"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [({"query": None}, "query"), ({"documents": []}, "documents"), ({"documents": "one"}, "documents")],
)
async def test_a_rerank_that_cannot_be_read_is_refused_by_field(reranks: Any, fields: dict[str, Any], param: str) -> None:
    here = reranks(told({}))
    reply = await here.ask("/v1/rerank", {"model": "cohere", **ASKED, **fields})
    assert (reply.status, reply.error["param"], here.upstreams.sent) == (400, param, [])


async def test_a_rerank_needs_its_own_right(reranks: Any) -> None:
    here = reranks(told({}), access=(Access(True, frozenset({"plain"}), frozenset({"plain"})),))
    reply = await here.ask("/v1/rerank", {"model": "plain", **ASKED})
    assert (reply.status, reply.error["code"]) == (403, "forbidden")
