"""What a team keeps of requests and answers is what guardrails left of them."""

import asyncio
from typing import Any

import pytest
from tests.gateway.forms import behaving
from tests.gateway.guarding.conftest import ADDRESS, MASKED
from tests.gateway.guarding.test_failing import URL, finding

from stoa.adapters.guards.memory import MemoryGuards
from stoa.adapters.wal.memory_contents import MemoryContents
from stoa.domain.guardrails import HttpGuard
from stoa.domain.resources import Limit
from stoa.domain.snapshot import TeamLimits
from stoa.errors import ProviderError

each_stream = pytest.mark.parametrize("stream", [False, True])


def keeping(guarded: Any, *guards: Any, stream: bool, **changes: Any) -> tuple[Any, MemoryContents]:
    log = MemoryContents()
    teams = {"company": TeamLimits(content_days=7)}
    return guarded(behaving("stream" if stream else "plain"), *guards, contents=log, teams=teams, **changes), log


@each_stream
async def test_of_a_refused_answer_nothing_of_its_words_is_kept(guarded, guards, stream: bool) -> None:
    here, log = keeping(guarded, guards.words("green dragon", on=("output",)), stream=stream)
    reply = await here.chat("chat", "a green dragon", stream=stream)
    assert b"guardrail_refused" in reply.body
    (kept,) = log.contents
    assert b"dragon" not in (kept.answer or b"")
    assert [fact.error for fact in here.facts] == ["guardrail_refused"]


@each_stream
async def test_what_stands_for_personal_data_is_kept_and_not_the_data(guarded, guards, stream: bool) -> None:
    here, log = keeping(guarded, guards.personal(action="tokenise"), stream=stream)
    reply = await here.chat("chat", f"I am {ADDRESS}", stream=stream)
    assert ADDRESS.encode() in reply.body
    (kept,) = log.contents
    assert kept.masked
    assert ADDRESS.encode() not in kept.request + (kept.answer or b"")
    assert b"EMAIL_ADDRESS_1" in (kept.answer or b"")


async def test_of_a_stream_whose_client_went_the_masked_text_is_kept(guarded, guards, make) -> None:
    log = MemoryContents()
    here = guarded(
        make.stream(*make.talk(f"I am {ADDRESS} and ", "so on " * 40), hold=True), guards.personal(on=("output",)),
        contents=log, teams={"company": TeamLimits(content_days=7)},
    )  # fmt: skip
    body = {"model": "chat", "stream": True, "max_tokens": 100, "messages": [{"role": "user", "content": "?"}]}
    reply = here.begin("/v1/messages", body)
    await reply.began.wait()
    reply.intake.on_gone()
    await asyncio.sleep(0)
    (kept,) = log.contents
    assert ADDRESS.encode() not in (kept.answer or b"")
    assert MASKED.encode() in (kept.answer or b"")


async def test_nothing_is_kept_of_a_request_that_was_not_judged_yet(guarded, guards) -> None:
    own = MemoryGuards(finding("codename", "mask"))
    here, log = keeping(guarded, HttpGuard(url=URL), guards.personal(), stream=False, own=own)
    reply = here.begin("/v1/chat/completions", {"model": "chat", "messages": [{"role": "user", "content": ADDRESS}]})
    reply.intake.on_gone()
    await asyncio.sleep(0.01)
    assert [fact.error for fact in here.facts] == ["client_gone"]
    assert log.contents == []


@each_stream
async def test_a_models_tokens_are_counted_where_judging_takes_its_time(guarded, stream: bool) -> None:
    here = guarded(
        behaving("stream" if stream else "plain"),
        HttpGuard(url=URL, on=("output",)),
        own=MemoryGuards(finding("codename", "mask")),
        limits={"l": Limit(name="l", scope="model", tokens=10_000)},
    )
    reply = await here.chat("chat", "Hello", stream=stream)
    assert reply.status == 200
    await asyncio.sleep(0.01)
    (rule,) = here.gateway._plan.targets["chat"].rules
    (fact,) = here.facts
    used, _ = here.gateway.counter.used(rule.claim(0, fact.at_ms), fact.at_ms)
    assert used == (fact.prompt_tokens or 0) + (fact.completion_tokens or 0) > 0


async def test_a_late_refusal_keeps_nothing_either(guarded) -> None:
    def away(question: Any) -> Any:
        raise ProviderError("The guard is away.")

    here, log = keeping(guarded, HttpGuard(url=URL, on=("output",)), stream=True, own=MemoryGuards(away))
    await here.chat("chat", "a green dragon", stream=True)
    (kept,) = log.contents
    assert b"dragon" not in (kept.answer or b"")
