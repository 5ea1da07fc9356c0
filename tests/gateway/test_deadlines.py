"""The times of one try: when each is over, what does not count against a target, and what a client is told."""

import asyncio
from dataclasses import dataclass

import pytest
from tests.gateway.fleets import BODY, asked, cancelled, fleet, targets, text

from stoa.adapters.providers.memory import EVENTS, JSON, Scripted
from stoa.domain.resources import Timeouts
from stoa.domain.upstream import Failure
from stoa.gateway.deadlines import Deadlines, Watched, late


@dataclass(eq=False)
class Try:
    """A try as it is looked at, with a clock of its own."""

    began_at: float = 0.0
    heard: int = 0
    first_at: float = 0.0
    paused: bool = False
    over: bool = False
    begun: bool = False
    written: int = 0
    told: str | None = None

    def characters(self) -> int:
        return self.written

    def time_out(self, what: str) -> None:
        self.told = what
        self.over = True

    def says(self, now: float, characters: int) -> None:
        self.first_at = self.first_at or now
        self.begun = True
        self.heard += 1
        self.written += characters


def watch(timed: Try, **limits: float) -> Watched:
    return Watched(Timeouts(**limits), timed.began_at)


def test_the_first_token_has_to_come_in_time() -> None:
    timed = Try()
    watched = watch(timed, first_token_s=5)
    assert late(timed, watched, 5.0) is None
    assert late(timed, watched, 5.1) == "it gave no content within 5 s"
    timed.begun = True
    assert late(timed, watched, 500.0) is None


def test_bytes_without_content_do_not_count_as_the_first_token() -> None:
    timed = Try()
    watched = watch(timed, first_token_s=5)
    timed.heard = 7
    assert late(timed, watched, 5.1) is not None


def test_the_middle_may_not_be_silent() -> None:
    timed = Try()
    watched = watch(timed, idle_s=3)
    assert late(timed, watched, 100.0) is None, "before the first piece it is not the middle"
    timed.says(101.0, 10)
    assert late(timed, watched, 101.0) is None
    assert late(timed, watched, 104.0) is None
    assert late(timed, watched, 104.1) == "it sent nothing for 3 s in the middle of its answer"


def test_a_client_that_reads_slowly_is_not_held_against_the_target() -> None:
    timed = Try()
    watched = watch(timed, idle_s=3, min_tokens_per_s=5)
    timed.says(0.0, 10)
    timed.paused = True
    assert [late(timed, watched, float(now)) for now in range(1, 100)] == [None] * 99
    timed.paused = False
    assert late(timed, watched, 101.0) is None
    assert late(timed, watched, 103.0) is not None


def test_the_whole_has_an_end_however_busy_it_is() -> None:
    timed = Try()
    watched = watch(timed, total_s=60)
    for now in range(1, 60):
        timed.says(float(now), 100)
        assert late(timed, watched, float(now)) is None
    assert late(timed, watched, 60.1) == "it did not finish within 60 s"


def test_a_slow_drip_is_given_up_after_ten_seconds() -> None:
    timed = Try()
    watched = watch(timed, min_tokens_per_s=5)
    found = None
    for tenth in range(1, 300):
        now = tenth / 10
        timed.says(now, 1)  # ten characters a second: two and a half tokens
        found = late(timed, watched, now)
        if found is not None:
            break
    assert found == "it gave 2.5 tokens a second, and at least 5 are asked for"
    assert 10 <= now <= 10.5


def test_one_that_becomes_slow_is_given_up_too() -> None:
    timed = Try()
    watched = watch(timed, min_tokens_per_s=5)
    ends = None
    for tenth in range(1, 600):
        now = tenth / 10
        timed.says(now, 8 if now < 20 else 0)
        if late(timed, watched, now) is not None:
            ends = now
            break
    assert ends is not None
    assert 25 <= ends <= 41


def test_a_fast_one_is_let_be() -> None:
    timed = Try()
    watched = watch(timed, min_tokens_per_s=5)
    for tenth in range(1, 1000):
        timed.says(tenth / 10, 3)
        assert late(timed, watched, tenth / 10) is None


async def test_nobody_is_looked_after_once_nothing_is_under_way() -> None:
    deadlines, timed = Deadlines(), Try()
    deadlines.add(timed, Timeouts(first_token_s=1000))
    assert len(deadlines) == 1
    timed.over = True
    await asyncio.sleep(0.3)
    assert len(deadlines) == 0


# --- through the gateway

HANGS = Scripted(200, [], JSON, hold=True)


async def test_a_target_without_content_in_time_is_given_up_for_the_next(house, make) -> None:
    here = fleet(house, {"a": Scripted(200, [], EVENTS, hold=True), "b": make.stream(*make.talk("from", "b"))},
                 targets=targets("a", "b"), strategy="ordered", timeouts={"first_token_s": 0.1})  # fmt: skip
    reply = await here.chat("best", stream=True)
    assert (reply.named["x-stoa-model"], cancelled(here), here.facts[0].attempts) == ("b", ["a"], 2)
    assert here.gateway.reports()[0].last_error_class == "timeout"


async def test_a_stream_that_falls_silent_ends_with_an_error_and_is_billed(house, make) -> None:
    silent = Scripted(200, [make.chunk({"content": "x" * 400})], EVENTS, hold=True)
    here = fleet(house, {"a": silent}, targets=targets("a", "b"), strategy="ordered", timeouts={"idle_s": 0.1})
    reply = await here.chat("best", stream=True)
    assert (asked(here), cancelled(here), "[DONE]" in reply.events) == (["a"], ["a"], False)
    assert reply.events[-1]["error"]["code"] == "upstream_timeout"
    assert "in the middle of its answer" in reply.events[-1]["error"]["message"]
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.completion_tokens) == (200, "upstream_timeout", 100)


async def test_the_time_for_the_whole_is_of_one_try(house, make) -> None:
    here = fleet(house, {"a": HANGS, "b": make.whole("from b")}, targets=targets("a", "b"), strategy="ordered",
                 timeouts={"total_s": 0.1})  # fmt: skip
    assert text(await here.chat("best")) == "from b"
    assert cancelled(here) == ["a"]


async def test_alone_it_is_a_timeout_that_says_which(house) -> None:
    reply = await fleet(house, {"a": HANGS}, targets=targets("a"), timeouts={"total_s": 0.1}).chat("best")
    assert (reply.status, reply.error["code"]) == (504, "upstream_timeout")
    assert reply.error["message"] == "Model 'a' of provider 'a' failed: it did not finish within 0.1 s."


@pytest.mark.parametrize("kind", ["connect", "busy"])
async def test_no_connection_in_time_leads_to_the_next(kind, house, make) -> None:
    answers = {"a": Scripted(None, failure=Failure(kind, "no connection within 5 s")), "b": make.whole("from b")}
    here = fleet(house, answers, targets=targets("a", "b"), strategy="ordered")
    assert text(await here.chat("best")) == "from b"


async def test_what_ends_in_time_is_not_looked_after_any_more(house, make) -> None:
    here = fleet(house, {"a": make.whole()}, targets=targets("a"), timeouts={"total_s": 0.6, "first_token_s": 0.5})
    for _ in range(20):
        assert (await here.chat("best")).status == 200
    await asyncio.sleep(0.9)
    assert here.gateway.reports()[0].failed_total == 0
    reply = here.begin("/v1/chat/completions", BODY)
    await reply.wait()
    assert reply.status == 200
