"""A copy of a request for another model: nobody sees its answer, it is counted apart, and its failure harms nothing."""

import asyncio
import json
from collections import Counter

import pytest
from tests.gateway.fleets import BODY, asked, fleet, refusal, targets, text

from stoa.adapters.providers.memory import EVENTS, JSON, Scripted
from stoa.domain.upstream import Failure

SHADOWED = {"targets": targets("a"), "shadow": {"model": "d"}}


async def quiet(here) -> None:
    """What is under way comes to its end."""
    for _ in range(200):
        await asyncio.sleep(0)


async def test_its_answer_reaches_nobody_and_is_a_fact_of_its_own(house, make) -> None:
    here = fleet(house, {"a": make.whole("from a"), "d": make.whole("from d")}, **SHADOWED)
    reply = await here.chat("best")
    await quiet(here)
    assert (text(reply), reply.named["x-stoa-model"], sorted(asked(here))) == ("from a", "a", ["a", "d"])
    assert here.upstreams.sent[0].body.replace(b'"a"', b'"d"') == here.upstreams.sent[1].body, "the same question"
    facts = {fact.arm: fact for fact in here.facts}
    assert (facts[None].model, facts[None].cost_nano_usd, facts[None].parent_id) == ("a", 13_500, None)
    copy = facts["shadow"]
    assert (copy.model, copy.cost_nano_usd, copy.parent_id, copy.lane) == ("d", 13_500, facts[None].id, "batch")


async def test_it_is_counted_apart(house, make) -> None:
    here = fleet(house, {"a": make.whole("from a"), "d": refusal(500)}, **SHADOWED)
    for _ in range(3):
        await here.chat("best")
    await quiet(here)
    metrics = (await here.ask("/metrics", method="GET", key=None)).body.decode().splitlines()
    assert [line for line in metrics if line.startswith("stoa_requests_total")] == [
        'stoa_requests_total{route="best",model="a",status="200",cache="bypass"} 3'
    ]
    assert 'stoa_shadow_requests_total{route="best",model="d",status="502"} 3' in metrics
    assert 'stoa_request_seconds_count{route="best"} 3' in metrics
    assert not [line for line in metrics if line.startswith("stoa_upstream_failures_total{")]


BAD = {
    "an error": refusal(500, "oops"),
    "no connection": Scripted(None, failure=Failure("connect", "no")),
    "nonsense": Scripted(200, [b"<html>"], JSON),
    "silence": Scripted(200, [], JSON, hold=True),
    "a stream that breaks off": Scripted(200, [b"data: {"], EVENTS),
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("name", BAD)
async def test_its_failure_harms_nothing(name: str, streamed: bool, house, make) -> None:
    good = make.stream(*make.talk("from", "a")) if streamed else make.whole("from a")
    here = fleet(house, {"a": good, "d": BAD[name]}, **SHADOWED)
    replies = await asyncio.gather(*(here.chat("best", stream=streamed) for _ in range(10)))
    await quiet(here)
    assert {reply.status for reply in replies} == {200}
    if streamed:
        assert {reply.body for reply in replies} == {b"".join(make.talk("from", "a")) + b"data: [DONE]\n\n"}
    assert Counter(fact.arm for fact in here.facts)[None] == 10


async def test_a_copy_that_cannot_be_made_harms_nothing(house, make, caplog) -> None:
    here = fleet(house, {"a": make.whole("from a")}, **SHADOWED)
    states = {state.model: state for state in here.gateway.states}
    states["d"].lanes = None  # a bug, so to speak
    reply = await here.chat("best")
    assert (text(reply), "the shadow of a request could not be sent" in caplog.text) == ("from a", True)


async def test_one_in_another_dialect_is_translated(house, make) -> None:
    here = fleet(house, {"a": make.whole("from a"), "d": refusal(500)}, types={"d": "anthropic"}, **SHADOWED)
    await here.chat("best")
    await quiet(here)
    sent = next(each for each in here.upstreams.sent if each.url.startswith("http://d"))
    assert (sent.url, json.loads(sent.body)["messages"][0]["role"]) == ("http://d/v1/messages", "user")


async def test_a_share_of_the_requests_is_copied(house, make) -> None:
    here = fleet(house, {"a": make.whole(), "d": make.whole()}, **{**SHADOWED, "shadow": {"model": "d", "share": 0.25}})
    for _ in range(400):
        await here.chat("best")
    await quiet(here)
    assert 60 < Counter(asked(here))["d"] < 145


async def test_what_comes_from_the_cache_is_not_copied(house, make) -> None:
    here = fleet(house, {"a": make.whole(), "d": make.whole()}, **{**SHADOWED, "cache": True})
    for _ in range(3):
        await here.chat("best")
    await quiet(here)
    assert Counter(asked(here)) == {"a": 1, "d": 1}


async def test_a_client_that_leaves_does_not_stop_the_copy(house, make) -> None:
    here = fleet(house, {"a": Scripted(200, [], JSON, hold=True), "d": make.whole()}, **SHADOWED)
    reply = here.begin("/v1/chat/completions", BODY)
    reply.intake.on_gone()
    await quiet(here)
    assert sorted((fact.arm, fact.status) for fact in here.facts if fact.arm) == [("shadow", 200)]


# --- canaries and experiments

SPLIT = [{"model": "a", "arm": "stable", "weight": 3}, {"model": "b", "arm": "canary", "weight": 1}]


async def test_the_arm_is_in_every_fact_and_in_the_answers_head(house, make) -> None:
    here = fleet(house, {"a": make.whole("from a"), "b": make.whole("from b")}, targets=SPLIT)
    replies = [await here.chat("best") for _ in range(60)]
    assert {(reply.named["x-stoa-model"], reply.named["x-stoa-arm"]) for reply in replies} == {("a", "stable"), ("b", "canary")}
    assert {(fact.model, fact.arm) for fact in here.facts} == {("a", "stable"), ("b", "canary")}


async def test_an_arm_without_a_name_is_called_as_its_model(house, make) -> None:
    here = fleet(house, {"a": make.whole(), "b": make.whole()}, targets=targets("a", "b"))
    for _ in range(40):
        await here.chat("best")
    assert {(fact.model, fact.arm) for fact in here.facts} == {("a", "a"), ("b", "b")}


ONLY_CANARY = {"targets": [{"model": "a", "arm": "canary"}, {"model": "b", "arm": "stable", "weight": 0}]}


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_request_stays_of_its_arm_whoever_answers(streamed: bool, house, make) -> None:
    good = make.stream(*make.talk("from", "b")) if streamed else make.whole("from b")
    here = fleet(house, {"a": refusal(500), "b": good}, **ONLY_CANARY)
    reply = await here.chat("best", stream=streamed)
    assert (reply.named["x-stoa-model"], reply.named["x-stoa-arm"]) == ("b", "canary")
    (fact,) = here.facts
    assert (fact.model, fact.arm, fact.attempts) == ("b", "canary", 2)


async def test_one_that_nobody_answers_is_of_its_arm_too(house) -> None:
    here = fleet(house, {"a": refusal(500), "b": refusal(500)}, **ONLY_CANARY)
    reply = await here.chat("best")
    assert (reply.status, reply.named["x-stoa-arm"]) == (503, "canary")
    assert (here.facts[0].model, here.facts[0].arm) == ("b", "canary")


async def test_one_whose_client_leaves_is_of_its_arm(house) -> None:
    here = fleet(house, {"a": Scripted(200, [], JSON, hold=True)}, **ONLY_CANARY)
    reply = here.begin("/v1/chat/completions", BODY)
    await quiet(here)
    reply.intake.on_gone()
    await quiet(here)
    assert (here.facts[0].error, here.facts[0].arm) == ("client_gone", "canary")


async def test_one_from_the_cache_is_of_the_arm_that_made_it(house, make) -> None:
    here = fleet(house, {"a": make.whole()}, **{**ONLY_CANARY, "cache": True})
    for _ in range(2):
        await here.chat("best")
    assert [(fact.cache, fact.arm) for fact in here.facts] == [("miss", "canary"), ("hit", "canary")]
