"""Two gateways that share their answers, with the store in memory."""

import asyncio
from typing import Any

import msgspec

from stoa.adapters.cache.memory import MemoryAnswers
from stoa.domain.guardrails import PersonalGuard
from stoa.domain.resources import Guardrail, Route, Target
from stoa.gateway.caching.entries import LARGEST_ANSWER
from stoa.gateway.caching.shared import LARGEST_SHARED


def two(house: Any, answers: MemoryAnswers, script: Any = None, **changes: Any) -> tuple[Any, Any]:
    return house(script, answers=answers, **changes), house(script, answers=answers, **changes)


async def test_what_one_gateway_was_answered_the_other_gives_too(house) -> None:
    one, other = two(house, MemoryAnswers())
    first = await one.chat()
    found = await other.chat()
    assert (found.body, found.named["x-stoa-cache"], found.named["x-stoa-cache-tier"]) == (first.body, "hit", "exact")
    assert found.named["x-stoa-cache-of"] == one.facts[0].id
    assert (other.facts[0].saved_nano_usd, other.facts[0].cost_nano_usd, other.facts[0].model) == (13500, 0, "mock")
    assert other.upstreams.sent == []


def aged(answers: MemoryAnswers, seconds: int) -> None:
    """What is there was kept so much earlier."""
    (scope, key), (value, _) = next(iter(answers._values.items()))
    kept = msgspec.msgpack.decode(value)
    kept[-1] -= seconds * 1000
    answers.put(scope, key, msgspec.msgpack.encode(kept), 3600)


async def test_what_came_from_the_store_is_kept_here_as_old_as_it_is(house) -> None:
    answers = MemoryAnswers()
    one, other = two(house, answers)
    await one.chat()
    aged(answers, 600)
    asked = len(answers.asked)
    for _ in range(3):
        found = await other.chat()
        assert (found.named["x-stoa-cache"], int(found.named["age"]) // 100) == ("hit", 6)
    assert len(answers.asked) == asked + 1
    assert (await other.chat(cache_control="max-age=300")).named["x-stoa-cache"] == "miss"


async def test_what_is_older_than_the_route_allows_by_now_is_not_taken_from_the_store(house) -> None:
    answers = MemoryAnswers()
    routes = [Route(name="spread", targets=(Target(model="mock"),), cache_ttl_s=ttl) for ttl in (3600, 60)]
    one, other = (house(answers=answers, routes={"spread": route}) for route in routes)
    await one.chat("spread")
    aged(answers, 100)
    assert (await other.chat("spread")).named["x-stoa-cache"] == "miss"
    assert (await other.chat("spread")).named["x-stoa-cache"] == "hit", "its own answer"


async def test_a_store_that_is_away_is_not_asked(house) -> None:
    answers = MemoryAnswers()
    one, other = two(house, answers)
    await one.chat()
    answers.away = True
    assert (await other.chat()).named["x-stoa-cache"] == "miss"
    assert len(answers.asked) == 1


async def test_a_store_that_goes_away_meanwhile_is_a_miss(house) -> None:
    answers = MemoryAnswers()
    here = house(answers=answers)
    reply = here.begin("/v1/chat/completions", {"model": "mock", "messages": [{"role": "user", "content": "hi"}]})
    answers.away = True
    assert (await reply.wait()).named["x-stoa-cache"] == "miss"


async def test_a_value_that_cannot_be_read_is_a_miss(house) -> None:
    answers = MemoryAnswers()
    here = house(answers=answers)
    await here.chat()
    for nonsense in (b"", b"\xc1", b"\x91\x02"):
        other = house(answers=answers)
        (scope, key), _ = next(iter(answers._values.items()))
        answers.put(scope, key, nonsense, 60)
        assert (await other.chat()).named["x-stoa-cache"] == "miss"


async def test_those_who_ask_the_same_at_once_ask_the_store_once(house) -> None:
    answers = MemoryAnswers()
    one, other = two(house, answers)
    await one.chat()
    answers.asked.clear()
    body = {"model": "mock", "messages": [{"role": "user", "content": "What is DevOps?"}]}
    replies = [other.begin("/v1/chat/completions", body) for _ in range(50)]
    assert {(await reply.wait()).named["x-stoa-cache"] for reply in replies} == {"hit"}
    assert (len(answers.asked), other.upstreams.sent) == (1, [])
    assert {fact.cache_tier for fact in other.facts} == {"exact"}


async def test_a_client_that_leaves_while_the_store_is_asked_leaves_nothing_behind(house) -> None:
    here = house(answers=MemoryAnswers())
    body = {"model": "mock", "messages": [{"role": "user", "content": "hi"}]}
    alone = here.begin("/v1/chat/completions", body)
    alone.intake.on_gone()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (len(here.gateway.caching.flights), here.upstreams.sent) == (0, [])
    assert [(fact.status, fact.cost_nano_usd) for fact in here.facts] == [(499, 0)]
    first, second = (here.begin("/v1/chat/completions", body) for _ in range(2))
    first.intake.on_gone()
    assert (await second.wait()).status == 200
    assert len(here.upstreams.sent) == 1


async def test_only_from_the_cache_asks_the_store_too(house) -> None:
    one, other = two(house, MemoryAnswers())
    assert (await other.chat(cache_control="only-if-cached")).status == 504
    await one.chat()
    assert (await other.chat(cache_control="only-if-cached")).status == 200


async def test_a_large_answer_stays_where_it_was_made(house, make) -> None:
    assert LARGEST_SHARED < LARGEST_ANSWER
    one, other = two(house, MemoryAnswers(), make.whole("x" * (LARGEST_SHARED + 1)))
    await one.chat()
    assert (await one.chat()).named["x-stoa-cache"] == "hit"
    assert (await other.chat()).named["x-stoa-cache"] == "miss"


async def test_a_scope_is_forgotten_here_and_in_the_store(house) -> None:
    answers = MemoryAnswers()
    one, other = two(house, answers)
    await one.chat()
    scope = next(iter(answers._values))[0]
    assert await one.gateway.caching.drop(scope) == 2
    assert [(await each.chat()).named["x-stoa-cache"] for each in (one, other)] == ["miss", "hit"]


async def test_an_answer_that_was_withheld_is_not_shared(house) -> None:
    one, other = two(house, MemoryAnswers())
    one.log.full = True
    assert (await one.chat()).status == 503
    assert (await other.chat()).named["x-stoa-cache"] == "miss"


async def test_an_answer_that_was_withheld_while_it_streamed_is_not_shared(house, make) -> None:
    one, other = two(house, MemoryAnswers(), make.stream(*make.talk("a", "b")))
    one.log.full = True
    reply = await one.chat(stream=True)
    assert b"usage_log_full" in b"".join([reply.body, *reply.pieces]) or reply.aborted
    assert (await other.chat(stream=True)).named["x-stoa-cache"] == "miss"


async def test_an_answer_that_a_guard_refused_is_not_shared(house, make) -> None:
    guardrail = Guardrail(name="no", guards=(PersonalGuard(on=("output",), action="refuse"),), default=True)
    said = make.whole("Ask ada@example.org, she knows.")
    one, other = two(house, MemoryAnswers(), said, guardrails={"no": guardrail})
    assert (await one.chat()).status == 400
    assert (await other.chat()).status == 400
    assert [len(each.upstreams.sent) for each in (one, other)] == [1, 1]
