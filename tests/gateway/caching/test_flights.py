"""Many who ask the same at once: one call, an answer for each, and nobody who fails because of another."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from tests.gateway.fleets import fleet, refusal, targets, text

from stoa.adapters.providers.memory import JSON, Scripted

ASKED = {"model": "mock", "messages": [{"role": "user", "content": "What is DevOps?"}]}
CHAT = "/v1/chat/completions"


def begin(here: Any, number: int = 1, body: Any = ASKED, **options: Any) -> list[Any]:
    return [here.begin(CHAT, body, **options) for _ in range(number)]


async def all_of(replies: list[Any]) -> list[Any]:
    return [await reply.wait() for reply in replies]


def tiers(here: Any) -> list[str | None]:
    return [fact.cache_tier for fact in here.facts]


def under_way(here: Any) -> int:
    return len(here.gateway.caching.flights)


async def test_a_hundred_identical_requests_make_one_call(house) -> None:
    here = house()
    replies = await all_of(begin(here, 100))
    assert len(here.upstreams.sent) == 1
    assert {reply.status for reply in replies} == {200}
    assert {reply.body for reply in replies} == {replies[0].body}
    assert [reply.named["x-stoa-cache"] for reply in replies] == ["miss", *["hit"] * 99]
    assert tiers(here) == [None, *["joined"] * 99]
    first = here.facts[0]
    assert {(fact.cost_nano_usd, fact.saved_nano_usd, fact.cache_of) for fact in here.facts[1:]} == {(0, 13500, first.id)}
    assert replies[1].named["x-stoa-cache-tier"] == "joined"
    assert under_way(here) == 0


async def test_those_that_wait_for_a_stream_get_it_whole_in_the_form_they_asked_for(house, make) -> None:
    here = house(make.stream(*make.talk("Dev", "Ops")))
    first, whole, streamed = (begin(here, body={**ASKED, "stream": stream})[0] for stream in (True, False, True))
    await all_of([first, whole, streamed])
    assert len(here.upstreams.sent) == 1
    assert whole.json["choices"][0]["message"]["content"] == "DevOps"
    words = [event["choices"][0]["delta"].get("content") for event in streamed.events[:-1] if event["choices"]]
    assert ("".join(filter(None, words)), streamed.events[-1]) == ("DevOps", "[DONE]")
    assert tiers(here) == [None, "joined", "joined"]


async def test_what_is_not_the_same_waits_for_nobody(house, make) -> None:
    keys = {make.key(name): make.caller(name, team=team) for name, team in (("a", "x"), ("b", "y"))}
    here = house(keys=keys, teams={})
    await all_of([*begin(here, key="a"), *begin(here, key="b"), *begin(here, body={**ASKED, "max_tokens": 3}, key="a")])
    assert len(here.upstreams.sent) == 3


async def test_a_request_for_a_fresh_answer_waits_for_nobody_and_nobody_for_it(house) -> None:
    here = house()
    await all_of([*begin(here), *begin(here, 2, cache_control="no-cache"), *begin(here, 2, cache_control="no-store")])
    assert len(here.upstreams.sent) == 5


async def test_when_the_first_fails_another_asks_and_the_rest_still_wait(house, make) -> None:
    answers = iter([refusal(500), make.whole()])
    here = house(lambda sent: next(answers))
    replies = await all_of(begin(here, 10))
    assert [reply.status for reply in replies] == [502, *[200] * 9]
    assert [reply.named["x-stoa-cache"] for reply in replies] == ["miss", "miss", *["hit"] * 8]
    assert len(here.upstreams.sent) == 2
    assert under_way(here) == 0


async def test_after_two_failures_everybody_asks_for_itself(house, make) -> None:
    answers = iter([refusal(500), refusal(500)])
    here = house(lambda sent: next(answers, make.whole()))
    replies = await all_of(begin(here, 10))
    assert [reply.status for reply in replies] == [502, 502, *[200] * 8]
    assert len(here.upstreams.sent) == 10
    assert under_way(here) == 0


async def test_a_stream_that_breaks_off_breaks_off_for_its_own_client_alone(house, make) -> None:
    answers = iter([make.stream(*make.talk("a"), done=False), make.stream(*make.talk("b"))])
    here = house(lambda sent: next(answers))
    replies = await all_of(begin(here, 3, {**ASKED, "stream": True}))
    assert [reply.body.count(b"[DONE]") for reply in replies] == [0, 1, 1]
    assert tiers(here) == [None, None, "joined"]


async def test_an_answer_that_must_not_be_given_twice_is_asked_for_by_each_at_once(house, make) -> None:
    call = make.chunk({"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": "{}"}}]})
    here = house(make.stream(call, make.chunk({}, "tool_calls")))
    replies = begin(here, 5, {**ASKED, "stream": True})
    await replies[0].wait()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(here.upstreams.sent) == 5, "the four others began together"
    await all_of(replies)
    assert {reply.named["x-stoa-cache"] for reply in replies} == {"miss"}


async def test_a_first_client_that_leaves_takes_nothing_from_the_others_and_pays(house, make) -> None:
    for stream, answer in ((False, make.whole()), (True, make.stream(*make.talk("Dev", "Ops")))):
        here = house(answer)
        first, *others = begin(here, 4, {**ASKED, "stream": stream})
        await asyncio.sleep(0)
        first.intake.on_gone()
        replies = await all_of(others)
        assert {reply.status for reply in replies} == {200}
        assert (len(here.upstreams.sent), here.upstreams.cancelled) == (1, [])
        assert [(fact.status, fact.error, fact.cost_nano_usd, fact.cache_tier) for fact in here.facts] == [
            (499, "client_gone", 13500, None), *[(200, None, 0, "joined")] * 3,
        ]  # fmt: skip
        assert (await here.chat(stream=stream)).named["x-stoa-cache"] == "hit"


async def test_when_all_have_left_the_call_ends(house, make) -> None:
    here = house(make.stream(*make.talk("Dev"), done=False, hold=True))
    replies = begin(here, 3, {**ASKED, "stream": True})
    await replies[0].began.wait()
    for reply in replies:
        assert here.upstreams.cancelled == []
        reply.intake.on_gone()
    assert len(here.upstreams.cancelled) == 1
    await asyncio.sleep(0)
    assert {fact.error for fact in here.facts} == {"client_gone"}
    assert len(here.facts) == 3
    assert sum(fact.cost_nano_usd or 0 for fact in here.facts) > 0
    assert under_way(here) == 0


async def test_one_that_waits_and_leaves_just_leaves(house) -> None:
    here = house()
    first, leaver, other = begin(here, 3)
    leaver.intake.on_gone()
    await all_of([first, other])
    assert leaver.status is None
    assert sorted((fact.status, fact.cost_nano_usd) for fact in here.facts) == [(200, 0), (200, 13500), (499, 0)]
    assert len(here.upstreams.sent) == 1


async def test_one_that_leaves_when_the_answer_is_there_is_passed_over(house, make) -> None:
    here = house()
    replies = begin(here, 200)
    while replies[1].status is None:  # noqa: ASYNC110 - turn by turn
        await asyncio.sleep(0)
    for reply in replies[150:]:
        reply.intake.on_gone()
    assert {reply.status for reply in await all_of(replies[:150])} == {200}
    assert {reply.status for reply in replies[150:]} == {None}
    await asyncio.sleep(0)
    assert len(here.facts) == 200


async def test_a_first_client_that_leaves_before_anything_was_asked_holds_nobody(house, make) -> None:
    here = house(make.whole())
    here.documents.passages = [make.passage(1)]
    body = {**ASKED, "model": "assistant/handbook"}
    first, other = begin(here, 2, body)
    first.intake.on_gone()
    assert (await other.wait()).status == 200
    alone = here.begin(CHAT, {**body, "max_tokens": 5})
    alone.intake.on_gone()
    assert under_way(here) == 0
    assert (await here.ask(CHAT, {**body, "max_tokens": 5})).status == 200


async def test_those_that_wait_count_against_their_own_limits(house, make) -> None:
    keys = {make.key("a"): make.caller("a"), make.key("b"): make.caller("b", requests_per_minute=2)}
    here = house(keys=keys)
    replies = await all_of([*begin(here, key="a"), *begin(here, 4, key="b")])
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]


async def test_nobody_in_a_hurry_waits_for_a_batch(house, make) -> None:
    here = house()
    batch, hurried, late = (
        *begin(here, x_stoa_lane="batch"), *begin(here), *begin(here, x_stoa_lane="batch"),
    )  # fmt: skip
    await all_of([batch, hurried, late])
    assert len(here.upstreams.sent) == 2
    assert [reply.named["x-stoa-cache"] for reply in (batch, hurried, late)] == ["miss", "miss", "hit"]


async def test_a_client_that_reads_slowly_holds_up_nobody_else(house, make) -> None:
    here = house(make.stream(*make.talk("Dev", "Ops")))
    first = begin(here, body={**ASKED, "stream": True})[0]
    await first.began.wait()
    first.intake.on_pause()
    other = begin(here)[0]
    assert text(await other.wait()) == "DevOps"

    here = house(make.stream(*make.talk("Dev", "Ops")))
    first, other = begin(here, 2, {**ASKED, "stream": True})
    await first.began.wait()
    first.intake.on_pause()
    assert (await other.wait()).events[-1] == "[DONE]"


async def test_a_fallback_of_the_first_is_the_answer_of_all(house, make) -> None:
    here = fleet(
        house, {"a": refusal(500), "b": make.whole("from b")}, targets=targets("a"), fallback=["b"], cache=True
    )  # fmt: skip
    replies = await all_of(begin(here, 5, {**ASKED, "model": "best"}))
    assert {text(reply) for reply in replies} == {"from b"}
    assert {reply.named["x-stoa-model"] for reply in replies} == {"b"}
    assert len(here.upstreams.sent) == 2


async def test_an_error_that_nobody_foresaw_holds_nobody(house, make) -> None:
    scripts: list[Callable[[], Scripted]] = [lambda: 1 / 0, make.whole]  # type: ignore[list-item]
    here = house(lambda sent: scripts.pop(0)())
    with pytest.raises(ZeroDivisionError):
        begin(here)
    assert under_way(here) == 0
    assert (await begin(here)[0].wait()).status == 200


async def test_nothing_of_a_request_is_held_once_it_is_answered(house) -> None:
    here = house()
    replies = begin(here, 3)
    kept = [weakref.ref(reply.intake) for reply in replies]
    await all_of(replies)
    await asyncio.sleep(0)
    for reply in replies:
        reply.intake = None
    del reply
    gc.disable()
    try:
        assert [each() for each in kept] == [None, None, None], "freed without the collector"
    finally:
        gc.enable()


async def test_a_failing_answer_is_told_to_each_that_asked_it(house) -> None:
    here = house(Scripted(400, [b'{"error":{"message":"too long","code":"context_length_exceeded"}}'], JSON))
    replies = await all_of(begin(here, 4))
    assert {reply.status for reply in replies} == {400}
    assert under_way(here) == 0
