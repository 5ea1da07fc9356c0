"""Moderations, images and audio through the gateway: bytes pass as they came, and what they took is what the provider tells."""

import json
from typing import Any

import pytest
from tests.gateway.operating import FORM, JSON_OPERATIONS, OPERATIONS, SOUND, SPEECH, ask, event, form, told, typed

from stoa.adapters.providers.memory import EVENTS, Scripted
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Model
from stoa.domain.snapshot import Access


@pytest.mark.parametrize(("path", "model", "fields"), JSON_OPERATIONS)
async def test_json_reaches_the_upstream_with_its_name_for_the_model(
    offers: Any, path: str, model: str, fields: dict[str, Any]
) -> None:
    here = offers(told({"answer": 1}))
    reply = await ask(here, path, {"model": model, **fields, "later_field": {"x": [1.50]}})
    assert (reply.status, reply.json) == (200, {"answer": 1})
    (sent,) = here.upstreams.sent
    assert sent.url == f"https://api.openai.com{path}"
    assert (sent.headers["authorization"], sent.headers["content-type"]) == ("Bearer sk-one", "application/json")
    assert json.loads(sent.body) == {"model": f"up-{model}", **fields, "later_field": {"x": [1.5]}}
    (fact,) = here.facts
    assert (fact.operation, fact.requested, fact.model, fact.provider) == (OPERATIONS[model], model, model, "one")


FORM_OPERATIONS = [
    ("/v1/audio/transcriptions", "hear", "file"),
    ("/v1/audio/translations", "hear", "file"),
    ("/v1/images/edits", "draw", "image[]"),
    ("/v1/images/variations", "draw", "image"),
]


@pytest.mark.parametrize(("path", "model", "file"), FORM_OPERATIONS)
async def test_a_form_is_passed_on_with_nothing_changed_but_the_model(offers: Any, path: str, model: str, file: str) -> None:
    here = offers(told({"text": "Hello."}))
    body = form(model=model, file=(file, SOUND), prompt="ä")
    reply = await ask(here, path, body, FORM)
    assert (reply.status, reply.json) == (200, {"text": "Hello."})
    (sent,) = here.upstreams.sent
    assert (sent.url, sent.headers["content-type"]) == (f"https://api.openai.com{path}", FORM)
    assert sent.body == body.replace(b"\r\n\r\n%b\r\n" % model.encode(), b"\r\n\r\nup-%b\r\n" % model.encode())
    assert SOUND in sent.body


async def test_moderation_may_leave_the_model_out_as_with_openai(offers: Any) -> None:
    usual = Model(name="omni-moderation-latest", provider="one", operation="moderation")
    access = (Access(True, frozenset(), frozenset(), frozenset({usual.name})),)
    here = offers(told({"id": "modr-1", "results": []}), models={usual.name: usual}, access=access, routes={})
    assert (await ask(here, "/v1/moderations", {"input": "fine"})).status == 200
    assert json.loads(here.upstreams.sent[0].body) == {"input": "fine"}


# --- what comes back


async def test_sound_passes_piece_by_piece_with_its_type(offers: Any) -> None:
    here = offers(typed("audio/mpeg", b"ID3\x04", bytes(range(256)), b"\r\n\r\n"))
    reply = await ask(here, "/v1/audio/speech", {"model": "say", "input": "Hello", "voice": "alloy"})
    assert (reply.status, reply.named["content-type"]) == (200, "audio/mpeg")
    assert reply.pieces[:2] == [b"ID3\x04", bytes(range(256))]
    assert reply.body == b"ID3\x04" + bytes(range(256)) + b"\r\n\r\n"
    (fact,) = here.facts
    assert (fact.status, fact.streamed, fact.prompt_tokens, fact.cost_nano_usd) == (200, True, None, None)
    assert fact.first_token_ms is not None


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("text/plain; charset=utf-8", "Grüß Gott.\n"),
        ("application/x-subrip", "1\n00:00:00,000 --> 00:00:02,000\nHello.\n"),
        ("text/vtt", "WEBVTT\n\n00:00.000 --> 00:02.000\nHello.\n"),
    ],
)
async def test_a_transcript_passes_in_the_form_that_was_asked_for(offers: Any, content_type: str, text: str) -> None:
    here = offers(typed(content_type, text.encode()))
    reply = await ask(here, "/v1/audio/transcriptions", form(model="hear", response_format="vtt"), FORM)
    assert (reply.status, reply.body.decode(), reply.named["content-type"]) == (200, text, content_type)
    (fact,) = here.facts
    assert (fact.streamed, fact.tokens_from, fact.cost_nano_usd) == (False, "none", None)


async def test_a_streamed_transcript_passes_as_it_is_and_tells_its_tokens(offers: Any) -> None:
    usage = {"type": "tokens", "input_tokens": 14, "output_tokens": 45, "input_token_details": {"audio_tokens": 12}}
    events = event({"type": "transcript.text.delta", "delta": 'Hello, "usage"'}) + event(
        {"type": "transcript.text.done", "text": "Hello", "usage": usage}
    )
    price = ModelPrice(2500.0, 10_000.0, audio_input=6000.0)
    here = offers(Scripted(200, [events[:30], events[30:-5], events[-5:]], EVENTS), prices={"hear": price})
    reply = await ask(here, "/v1/audio/transcriptions", form(model="hear", stream="true"), FORM)
    assert (reply.body, reply.named["content-type"]) == (events, "text/event-stream")
    (fact,) = here.facts
    assert (fact.prompt_tokens, fact.completion_tokens, fact.tokens_from) == (14, 45, "provider")
    assert fact.cost_nano_usd == 2 * 2500 + 12 * 6000 + 45 * 10_000


async def test_images_stream_with_the_partial_ones(offers: Any) -> None:
    picture = "A" * 70_000
    usage = {"input_tokens": 50, "output_tokens": 9, "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}}
    events = b"".join(
        event({"type": f"image_generation.{kind}", "b64_json": picture, **more}, f"image_generation.{kind}")
        for kind, more in (("partial_image", {"partial_image_index": 0}), ("completed", {"usage": usage}))
    )
    pieces = [events[at : at + 16_384] for at in range(0, len(events), 16_384)]
    here = offers(Scripted(200, pieces, EVENTS), prices={"draw": ModelPrice(5000.0, 40_000.0, image_input=10_000.0)})
    reply = await ask(
        here, "/v1/images/generations", {"model": "draw", "prompt": "a house", "stream": True, "partial_images": 1}
    )
    assert reply.body == events
    (fact,) = here.facts
    assert (fact.prompt_tokens, fact.completion_tokens, fact.streamed) == (50, 9, True)
    assert fact.cost_nano_usd == 10 * 5000 + 40 * 10_000 + 9 * 40_000


async def test_speech_may_come_as_events(offers: Any) -> None:
    done = {"type": "speech.audio.done", "usage": {"input_tokens": 5, "output_tokens": 9, "total_tokens": 14}}
    events = event({"type": "speech.audio.delta", "audio": "AAAA"}) + event(done)
    here = offers(Scripted(200, [events], EVENTS), prices={"say": ModelPrice(600.0, 12_000.0)})
    reply = await ask(here, "/v1/audio/speech", {"model": "say", "input": "Hello", "voice": "a", "stream_format": "sse"})
    assert reply.body == events
    assert here.facts[0].cost_nano_usd == 5 * 600 + 9 * 12_000


async def test_a_server_that_knows_no_streams_is_relayed_and_metered_all_the_same(offers: Any) -> None:
    here = offers(told({"text": "Hi", "usage": {"type": "tokens", "input_tokens": 4, "output_tokens": 2}}))
    reply = await ask(here, "/v1/audio/transcriptions", form(model="hear", stream="true"), FORM)
    assert (reply.status, reply.json["text"]) == (200, "Hi")
    assert (here.facts[0].prompt_tokens, here.facts[0].completion_tokens) == (4, 2)


# --- what it costs


@pytest.mark.parametrize(
    ("price", "answer", "cost"),
    [
        (ModelPrice(0, 0, second=100_000.0), {"text": "Hi", "usage": {"type": "duration", "seconds": 3}}, 300_000),
        (ModelPrice(0, 0, second=100_000.0), {"text": "Hi", "duration": 2.5}, 250_000),
        (ModelPrice(0, 0, second=100_000.0), {"text": "Hi"}, None),
        (ModelPrice(2500.0, 10_000.0), {"text": "Hi"}, None),
        (ModelPrice(0, 0), {"text": "Hi"}, 0),
        (ModelPrice(2500.0, 10_000.0), {"usage": {"input_tokens": 4, "output_tokens": 1}}, 20_000),
        (ModelPrice(0, 0, request=7.0), {"text": "Hi"}, None),
        (None, {"text": "Hi", "usage": {"input_tokens": 4, "output_tokens": 1}}, None),
    ],
)
async def test_sound_costs_what_was_told_and_is_unknown_otherwise(
    offers: Any, price: ModelPrice | None, answer: dict[str, Any], cost: int | None
) -> None:
    here = offers(told(answer), prices={} if price is None else {"hear": price})
    reply = await ask(here, "/v1/audio/transcriptions", form(model="hear"), FORM)
    assert reply.named["x-stoa-cost-nano-usd"] == ("unknown" if cost is None else str(cost))
    (fact,) = here.facts
    assert fact.cost_nano_usd == cost
    assert fact.tokens_from == ("provider" if "input_tokens" in answer.get("usage", {}) else "none")


async def test_speech_costs_by_the_characters_where_the_price_does(offers: Any) -> None:
    here = offers(typed("audio/wav", b"RIFF"), prices={"say": ModelPrice(0, 0, character=15_000.0)})
    await ask(here, *SPEECH)
    assert here.facts[0].cost_nano_usd == 10 * 15_000


async def test_images_without_usage_have_an_unknown_cost(offers: Any) -> None:
    here = offers(told({"created": 1, "data": [{"url": "https://x/1.png"}]}), prices={"draw": ModelPrice(5000.0, 40_000.0)})
    reply = await ask(here, "/v1/images/generations", {"model": "draw", "prompt": "a house"})
    assert reply.named["x-stoa-cost-nano-usd"] == "unknown"
    assert (here.facts[0].prompt_tokens, here.facts[0].cost_nano_usd) == (None, None)
