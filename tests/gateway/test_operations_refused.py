"""Moderations, images and audio through the gateway: who may, how much, and what goes wrong."""

import asyncio
import json
from typing import Any

import pytest
from tests.gateway.operating import FORM, JSON_OPERATIONS, SPEECH, ask, event, form, told, typed

from stoa.adapters.providers.memory import EVENTS, JSON, Scripted
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Model, Provider, Route, Target
from stoa.domain.snapshot import Access, TeamLimits
from stoa.domain.upstream import Failure
from stoa.settings import GatewaySettings


@pytest.mark.parametrize(("path", "model", "fields"), JSON_OPERATIONS)
async def test_without_the_right_nothing_is_asked(offers: Any, path: str, model: str, fields: dict[str, Any]) -> None:
    here = offers(told({}), access=(Access(True, frozenset({model}), frozenset({model})),))
    reply = await ask(here, path, {"model": model, **fields})
    assert (reply.status, reply.error["code"], reply.error["param"]) == (403, "forbidden", "model")
    assert (here.upstreams.sent, here.facts) == ([], [])


async def test_a_model_of_another_operation_is_named_as_such(offers: Any) -> None:
    reply = await ask(offers(), "/v1/audio/speech", {"model": "draw", "input": "Hi"})
    assert (reply.status, reply.error["code"]) == (404, "model_not_found")
    assert reply.error["message"] == "'draw' is not for speech but for image."


async def test_limits_hold_for_every_operation(offers: Any, make: Any) -> None:
    here = offers(told({}), keys={make.key(): make.caller(requests_per_minute=1)})
    assert (await ask(here, "/v1/images/generations", {"model": "draw", "prompt": "x"})).status == 200
    reply = await ask(here, "/v1/audio/transcriptions", form(model="hear"), FORM)
    assert (reply.status, reply.error["code"]) == (429, "rate_limit_exceeded")


async def test_sound_reserves_no_money_by_its_bytes(offers: Any, make: Any) -> None:
    here = offers(
        Scripted(200, [b"{}"], JSON, hold=True),
        prices={"hear": ModelPrice(2500.0, 1.0)}, teams={"company": TeamLimits(monthly_budget=1_000_000)},
    )  # fmt: skip
    reply = here.begin("/v1/audio/transcriptions", form(model="hear", file=("file", b"x" * 100_000)), content_type=FORM)
    assert reply.intake.estimate is None
    reply.intake.on_gone()


async def test_bodies_with_files_may_be_larger_than_others_and_have_a_limit(offers: Any) -> None:
    here = offers(settings=GatewaySettings(body_bytes=1000, form_bytes=5000))
    limits = {
        path: here.gateway.accept(here.begin(path, b"", content_type=FORM)).body_limit
        for path in ("/v1/audio/transcriptions", "/v1/images/edits", "/v1/audio/speech", "/v1/moderations")
    }
    assert list(limits.values()) == [5000, 5000, 1000, 1000]


@pytest.mark.parametrize(
    ("path", "content_type", "body", "param"),
    [
        ("/v1/audio/transcriptions", "application/json", b'{"model":"hear"}', "Content-Type"),
        ("/v1/audio/transcriptions", "multipart/form-data", form(model="hear"), "Content-Type"),
        ("/v1/audio/transcriptions", FORM, form(model=None), "model"),
        ("/v1/audio/transcriptions", FORM, form(model="hear", file=("sound", b"x")), "file"),
        ("/v1/audio/transcriptions", FORM, form(model="hear")[:-9], "body"),
        ("/v1/audio/speech", FORM, form(model="say"), "Content-Type"),
        ("/v1/audio/speech", "application/json", b'{"model":"say"}', "input"),
        ("/v1/images/generations", "application/json", b'{"prompt":"x"}', "model"),
        ("/v1/images/generations", "application/json", b'{"model":3,"prompt":"x"}', "model"),
        ("/v1/images/variations", FORM, form(model="draw"), "image"),
        ("/v1/moderations", "application/json", b'{"model":"judge"}', "input"),
        ("/v1/moderations", "application/json", b'[]', None),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused_by_the_name_of_the_field(
    offers: Any, path: str, content_type: str, body: bytes, param: str | None
) -> None:
    here = offers(told({}))
    reply = await ask(here, path, body, content_type)
    assert (reply.status, reply.error["param"]) == (400, param)
    assert here.upstreams.sent == []


# --- what goes wrong


async def test_another_target_gets_the_form_with_its_own_name_for_the_model(offers: Any) -> None:
    def script(sent: Any) -> Scripted:
        if "openai.com" in sent.url:
            return Scripted(503, [b'{"error":{"message":"down"}}'], JSON)
        return told({"text": "Hello"})

    here = offers(script)
    body = form(model="listen", language="de")
    reply = await ask(here, "/v1/audio/transcriptions", body, FORM)
    assert (reply.status, reply.json, reply.named["x-stoa-model"]) == (200, {"text": "Hello"}, "hear-too")
    first, second = here.upstreams.sent
    assert (first.body, second.body) == (body.replace(b"listen", b"up-hear"), body.replace(b"listen", b"up-hear-too"))
    assert second.url == "http://two/v1/audio/transcriptions"
    assert (here.facts[0].attempts, here.facts[0].requested, here.facts[0].model) == (2, "listen", "hear-too")


async def test_an_upstream_that_refuses_the_request_is_relayed_as_it_says(offers: Any) -> None:
    said = b'{"error":{"message":"Audio file might be corrupted","type":"invalid_request_error","param":"file","code":null}}'
    here = offers(Scripted(400, [said], JSON))
    reply = await ask(here, "/v1/audio/transcriptions", form(model="hear"), FORM)
    assert (reply.status, reply.body) == (400, said)
    assert (here.facts[0].status, here.facts[0].error, here.facts[0].cost_nano_usd) == (400, "upstream_refused", 0)


@pytest.mark.parametrize(("path", "model", "fields"), JSON_OPERATIONS)
async def test_an_upstream_that_fails_is_said_to_in_openais_form(
    offers: Any, path: str, model: str, fields: dict[str, Any]
) -> None:
    reply = await ask(offers(Scripted(500, [b"<html>"], JSON)), path, {"model": model, **fields})
    assert (reply.status, reply.error["code"], reply.named["content-type"]) == (502, "upstream_error", "application/json")


async def test_what_is_no_json_is_no_judgement(offers: Any) -> None:
    reply = await ask(offers(Scripted(200, [b"<html>"], JSON)), "/v1/moderations", {"model": "judge", "input": "x"})
    assert (reply.status, reply.error["code"]) == (502, "upstream_malformed")


async def test_sound_that_breaks_off_is_cut_and_never_ended_well(offers: Any) -> None:
    here = offers(typed("audio/mpeg", b"ID3", b"half", failure=Failure("truncated", "it broke off")))
    reply = await ask(here, *SPEECH)
    assert (reply.status, reply.body, reply.aborted) == (200, b"ID3half", True)
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.cost_nano_usd) == (200, "upstream_truncated", None)


async def test_sound_that_fails_before_its_first_byte_is_asked_of_another(offers: Any) -> None:
    models = {
        name: Model(name=name, provider=provider, operation="speech") for name, provider in (("say", "one"), ("say-too", "two"))
    }
    routes = {"speak": Route(name="speak", targets=(Target(model="say"),), fallback=("say-too",))}
    access = (Access(True, frozenset(), frozenset(), frozenset({"speak"})),)

    def script(sent: Any) -> Scripted:
        if "openai.com" in sent.url:
            return typed("audio/mpeg", failure=Failure("lost", "it hung up"))
        return typed("audio/mpeg", b"whole")

    here = offers(script, models=models, routes=routes, access=access)
    reply = await ask(here, "/v1/audio/speech", {"model": "speak", "input": "Hi", "voice": "a"})
    assert (reply.body, reply.aborted, reply.named["x-stoa-model"]) == (b"whole", False, "say-too")


async def test_events_that_break_off_end_with_an_error(offers: Any) -> None:
    first = event({"type": "image_generation.partial_image", "b64_json": "AA"})
    here = offers(Scripted(200, [first, b"data: {"], EVENTS, failure=Failure("truncated", "it broke off")))
    reply = await ask(here, "/v1/images/generations", {"model": "draw", "prompt": "x", "stream": True})
    assert reply.body.startswith(first + b"event: error\ndata: ")
    assert json.loads(reply.body.rpartition(b"data: ")[2])["error"]["code"] == "upstream_truncated"
    assert here.facts[0].error == "upstream_truncated"


async def test_an_error_among_the_events_is_told_once_and_is_the_requests(offers: Any) -> None:
    wrong = event({"type": "error", "error": {"type": "server_error", "code": "server_error", "message": "No."}}, "error")
    here = offers(Scripted(200, [event({"type": "image_generation.partial_image", "b64_json": "AA"}), wrong], EVENTS))
    reply = await ask(here, "/v1/images/generations", {"model": "draw", "prompt": "x", "stream": True})
    assert reply.body.count(b'"error"') == 1
    assert "No." in json.loads(reply.body.rpartition(b"data: ")[2])["error"]["message"]
    assert here.facts[0].error == "upstream_error"


async def test_an_error_before_any_content_is_anothers_turn(offers: Any) -> None:
    def script(sent: Any) -> Scripted:
        if "openai.com" in sent.url:
            return Scripted(200, [event({"type": "error", "error": {"message": "overloaded"}}, "error")], EVENTS)
        return Scripted(200, [event({"type": "transcript.text.done", "text": "Hi"})], EVENTS)

    reply = await ask(offers(script), "/v1/audio/transcriptions", form(model="listen", stream="true"), FORM)
    assert (reply.status, reply.named["x-stoa-model"]) == (200, "hear-too")
    assert b"overloaded" not in reply.body


async def test_a_client_that_goes_away_ends_the_work_upstream(offers: Any) -> None:
    here = offers(typed("audio/mpeg", b"ID3", hold=True), prices={"say": ModelPrice(0, 0, character=10.0)})
    reply = here.begin(SPEECH[0], SPEECH[1], content_type="application/json")
    await asyncio.wait_for(reply.began.wait(), 5)
    reply.intake.on_gone()
    await asyncio.sleep(0)
    assert len(here.upstreams.cancelled) == 1
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.cost_nano_usd) == (499, "client_gone", 100)


async def test_a_provider_that_does_not_offer_it_is_named(offers: Any) -> None:
    providers = {
        "one": Provider(name="one", type="anthropic", api_key="sealed:k"),
        "two": Provider(name="two", base_url="http://two"),
    }
    reply = await ask(offers(providers=providers), "/v1/images/generations", {"model": "draw", "prompt": "x"})
    assert (reply.status, reply.error["code"]) == (404, "not_offered")
    assert "'one'" in reply.error["message"]


async def test_fields_that_a_server_refuses_are_left_out(offers: Any) -> None:
    model = Model(name="draw", provider="two", operation="image", drop_fields=("user",))
    here = offers(told({"data": []}), models={"draw": model}, routes={})
    await ask(here, "/v1/images/generations", {"model": "draw", "prompt": "x", "user": "ada"})
    assert json.loads(here.upstreams.sent[0].body) == {"model": "draw", "prompt": "x"}
