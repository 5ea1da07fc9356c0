"""A second target beside a slow first one: the first content answers, the other is cut off, and one is billed."""

import asyncio
import json

import pytest
from tests.gateway.fleets import BODY, asked, cancelled, fleet, refusal, targets, text

from stoa.adapters.providers.memory import EVENTS, JSON, Scripted

HANGS = Scripted(200, [], JSON, hold=True)
NEVER_SPEAKS = Scripted(200, [], EVENTS, hold=True)
HEDGED = {"targets": targets("a", "b"), "strategy": "ordered", "hedge": {"after_s": 0.01}}


async def test_the_first_answer_wins_and_the_loser_is_cancelled_and_not_billed(house, make) -> None:
    here = fleet(house, {"a": HANGS, "b": make.whole("from b")}, **HEDGED)
    reply = await here.chat("best")
    assert (text(reply), asked(here), cancelled(here)) == ("from b", ["a", "b"], ["a"])
    assert reply.named["x-stoa-model"] == "b"
    (fact,) = here.facts
    assert (fact.model, fact.attempts, fact.cost_nano_usd) == ("b", 2, 13_500)
    loser = next(each for each in here.gateway.reports() if each.model == "a")
    assert (loser.given_up_total, loser.failed_total, loser.inflight_realtime) == (1, 0, 0)


async def test_of_streams_the_first_with_content_wins(house, make) -> None:
    role = make.chunk({"role": "assistant", "content": ""})
    slow = Scripted(200, [role], EVENTS, hold=True)
    here = fleet(house, {"a": slow, "b": make.stream(*make.talk("from", "b"))}, **HEDGED)
    reply = await here.chat("best", stream=True)
    assert reply.body == b"".join(make.talk("from", "b")) + b"data: [DONE]\n\n"
    assert (cancelled(here), [(fact.model, fact.cost_nano_usd) for fact in here.facts]) == (["a"], [("b", 13_500)])


async def test_a_stream_that_has_begun_is_not_hedged(house, make) -> None:
    here = fleet(house, {"a": Scripted(200, [make.chunk({"content": "Dev"})], EVENTS, hold=True)}, **HEDGED)
    reply = here.begin("/v1/chat/completions", {**BODY, "stream": True})
    await reply.began.wait()
    await asyncio.sleep(0.05)
    reply.intake.on_gone()
    assert asked(here) == ["a"]


async def test_a_quick_first_one_has_no_second(house, make) -> None:
    here = fleet(house, {"a": make.whole("from a")}, **{**HEDGED, "hedge": {"after_s": 0.2}})
    assert text(await here.chat("best")) == "from a"
    await asyncio.sleep(0.3)
    assert asked(here) == ["a"]


async def test_a_hedge_that_fails_leaves_the_first_to_answer(house, make) -> None:
    gate: list[object] = []

    def slow(sent: object) -> Scripted:
        gate.append(sent)
        return Scripted(200, [b" "] * 2000 + list(make.whole("from a").pieces), JSON)

    here = fleet(house, {"a": slow, "b": refusal(500, "oops")}, **{**HEDGED, "hedge": {"after_s": 0.0001}})
    reply = await here.chat("best")
    assert (text(reply), here.facts[0].model) == ("from a", "a")


async def test_when_the_first_fails_its_hedge_answers(house, make) -> None:
    here = fleet(house, {"a": Scripted(500, [b" "] * 2000, JSON), "b": make.whole("from b")}, **HEDGED)
    assert text(await here.chat("best")) == "from b"
    assert asked(here) == ["a", "b"]


async def test_when_both_fail_the_next_is_asked(house, make) -> None:
    late = Scripted(500, [b" "] * 2000, JSON)
    here = fleet(house, {"a": late, "b": late, "c": make.whole("from c")}, **{**HEDGED, "fallback": ["c"]})
    assert text(await here.chat("best")) == "from c"


async def test_a_bad_answer_of_the_first_does_not_cut_off_its_hedge(house, make) -> None:
    def bad(sent: object) -> Scripted:
        return Scripted(200, [b" "] * 300 + [b"<html>"], JSON)

    good = Scripted(200, [b" "] * 3000 + list(make.whole("from b").pieces), JSON)
    here = fleet(house, {"a": bad, "b": good}, **{**HEDGED, "hedge": {"after_s": 0.0001}})
    reply = await here.chat("best")
    assert (text(reply), cancelled(here), asked(here)) == ("from b", [], ["a", "b"])


async def test_a_hedge_that_cannot_carry_the_request_disturbs_nobody(house, make) -> None:
    slow = Scripted(200, [b" "] * 2000 + list(make.whole("from a").pieces), JSON)
    here = fleet(house, {"a": slow}, types={"b": "anthropic"}, **{**HEDGED, "hedge": {"after_s": 0.0001}})
    reply = await here.chat("best", logit_bias={"50256": -100})
    assert (reply.status, text(reply), asked(here), here.facts[0].attempts) == (200, "from a", ["a"], 1)


async def test_a_hedge_takes_a_place_that_is_free_and_waits_for_none(house, make) -> None:
    here = fleet(house, {"a": HANGS, "b": HANGS}, models={"b": {"max_parallel": 1}}, **HEDGED)
    first, second = (here.begin("/v1/chat/completions", BODY) for _ in range(2))
    await asyncio.sleep(0.1)
    assert sorted(asked(here)) == ["a", "a", "b"]
    for reply in (first, second):
        reply.intake.on_gone()
    reports = {each.model: each for each in here.gateway.reports()}
    assert (reports["a"].inflight_realtime, reports["b"].inflight_realtime, reports["b"].waiting_realtime) == (0, 0, 0)
    assert [fact.error for fact in here.facts] == []
    await asyncio.sleep(0)
    assert [fact.error for fact in here.facts] == ["client_gone"] * 2


async def test_one_that_was_too_busy_for_a_hedge_is_there_after_a_failure(house, make) -> None:
    late = Scripted(500, [b" "] * 4000, JSON)
    here = fleet(
        house, {"a": late, "b": [HANGS, make.whole("from b")]}, models={"b": {"max_parallel": 1}},
        **{**HEDGED, "hedge": {"after_s": 0.0001}},
    )  # fmt: skip
    holder = here.begin("/v1/chat/completions", {**BODY, "model": "b"})
    reply = here.begin("/v1/chat/completions", BODY)
    await asyncio.sleep(0.02)
    holder.intake.on_gone()
    await reply.wait()
    assert text(reply) == "from b"


async def test_batches_are_not_hedged(house, make) -> None:
    here = fleet(house, {"a": HANGS}, **HEDGED)
    reply = here.begin("/v1/chat/completions", BODY, x_stoa_lane="batch")
    await asyncio.sleep(0.05)
    reply.intake.on_gone()
    assert asked(here) == ["a"]


async def test_hedges_are_a_share_of_the_requests(house, make) -> None:
    here = fleet(house, {"a": HANGS, "b": make.whole()}, **{**HEDGED, "retries": {"budget": 0.1}})
    replies = [here.begin("/v1/chat/completions", BODY) for _ in range(100)]
    await asyncio.sleep(0.2)
    assert asked(here).count("b") == 10
    for reply in replies:
        if reply.status is None:
            reply.intake.on_gone()


@pytest.mark.parametrize("streamed", [False, True])
async def test_without_a_time_it_is_hedged_once_it_is_slower_than_95_of_100(streamed: bool, house, make, monkeypatch) -> None:
    monkeypatch.setattr("stoa.gateway.routing.state._P95_AGAIN_S", 0.1)
    quick, good = (make.stream(*make.talk("from", name)) if streamed else make.whole(f"from {name}") for name in "ab")
    slow = NEVER_SPEAKS if streamed else HANGS
    here = fleet(house, {"a": [*[quick] * 20, slow], "b": good}, **{**HEDGED, "hedge": {"least_s": 0.2}})
    for _ in range(20):
        await here.chat("best", stream=streamed)
    assert "b" not in asked(here)
    await asyncio.sleep(0.15)  # what is known of a target's speed may be as old
    reply = await here.chat("best", stream=streamed)
    assert (reply.named["x-stoa-model"], cancelled(here)) == ("b", ["a"])


async def test_a_client_that_leaves_cancels_both_and_pays_once(house, make) -> None:
    here = fleet(house, {"a": HANGS, "b": HANGS}, **HEDGED)
    reply = here.begin("/v1/chat/completions", {**BODY, "messages": [{"role": "user", "content": "x" * 400}]})
    await asyncio.sleep(0.05)
    reply.intake.on_gone()
    await asyncio.sleep(0)
    assert sorted(cancelled(here)) == ["a", "b"]
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.attempts, fact.tokens_from) == (499, "client_gone", 2, "estimate")


async def test_a_small_models_lack_of_an_answer_waits_for_the_larger_that_is_under_way(house, make) -> None:
    small = Scripted(200, [b" "] * 300 + [json.dumps(make.answer("I don't know.")).encode()], JSON)
    large = Scripted(200, [b" "] * 2000 + [json.dumps(make.answer("Paris.")).encode()], JSON)
    here = fleet(house, {"a": small, "b": large}, targets=targets("a", "b"), strategy="complexity", hedge={"after_s": 0.0001})
    reply = await here.chat("best", "What is the capital of France?")
    assert (text(reply), asked(here), cancelled(here)) == ("Paris.", ["a", "b"], [])
    assert here.facts[0].cost_nano_usd == 2 * 13_500


@pytest.mark.parametrize("streamed", [False, True])
async def test_many_hedged_requests_leave_nothing_under_way(streamed: bool, house, make) -> None:
    slow = Scripted(200, [b" "] * 50 + list(make.whole("from a").pieces), JSON)
    quick = make.stream(*make.talk("from", "b")) if streamed else make.whole("from b")
    here = fleet(house, {"a": slow, "b": quick}, **{**HEDGED, "hedge": {"after_s": 0.0005}, "retries": {"budget": 1.0}})
    replies = await asyncio.gather(*(here.chat("best", stream=streamed) for _ in range(60)))
    assert {reply.status for reply in replies} == {200}
    assert len(here.facts) == 60
    assert [each.inflight_realtime for each in here.gateway.reports()] == [0] * 4
