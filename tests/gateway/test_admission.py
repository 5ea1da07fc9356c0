import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.wal.memory import MemoryLog
from stoa.domain.snapshot import TeamLimits
from stoa.domain.usage import Kept
from stoa.errors import LimitReached
from stoa.gateway.budget import Budgets
from stoa.gateway.rate import Window

NOW = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp() * 1000)
NEXT_MONTH = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp() * 1000)


@given(limit=st.integers(1, 5), steps=st.lists(st.integers(0, 40), max_size=60))
def test_no_sixty_seconds_ever_see_more_than_the_limit(limit: int, steps: list[int]) -> None:
    window, second, taken = Window(), 1000, list[int]()
    for step in steps:
        second += step
        if window.take(limit, second):
            taken.append(second)
        else:
            wait = window.wait_s(limit)
            assert 1 <= wait <= 61
    for start in taken:
        assert sum(start <= other < start + 61 for other in taken) <= limit


@given(limit=st.integers(1, 5), steps=st.lists(st.integers(0, 20), min_size=1, max_size=40))
def test_after_the_wait_that_was_told_the_next_is_taken(limit: int, steps: list[int]) -> None:
    window, second = Window(), 1000
    for step in steps:
        second += step
        if not window.take(limit, second):
            second += window.wait_s(limit)
            assert window.take(limit, second)


async def test_the_eleventh_request_of_a_minute_is_refused_and_told_when(house, make) -> None:
    here = house(keys={make.key(): make.caller(requests_per_minute=10)})
    replies = await asyncio.gather(*(here.chat(temperature=1) for _ in range(15)))
    assert sorted(reply.status for reply in replies) == [200] * 10 + [429] * 5
    refused = next(reply for reply in replies if reply.status == 429)
    assert (refused.error["code"], refused.error["type"]) == ("rate_limit_exceeded", "rate_limit_error")
    assert "may make 10 requests a minute and has made 10" in refused.error["message"]
    assert 1 <= int(refused.named["retry-after"]) <= 61
    assert len(here.facts) == 10


async def test_a_spent_budget_refuses_before_calling_the_provider(house) -> None:
    here = house(teams={"company": TeamLimits(monthly_budget=13_500)})
    assert (await here.chat(temperature=1)).status == 200
    reply = await here.chat(temperature=1)
    assert (reply.status, reply.error["code"], reply.error["type"]) == (429, "insufficient_quota", "insufficient_quota")
    assert "has used $0.0000135 of its budget of $0.0000135 this month" in reply.error["message"]
    assert int(reply.named["retry-after"]) > 0
    assert len(here.upstreams.sent) == 1


async def test_requests_under_way_count_with_their_estimate(house, make) -> None:
    estimate = 700 * 150  # at least: 64 tokens of answer at 600 and the question
    here = house(teams={"company": TeamLimits(monthly_budget=estimate)})
    replies = await asyncio.gather(*(here.chat(temperature=1, max_tokens=64) for _ in range(50)))
    answered = [reply for reply in replies if reply.status == 200]
    assert 1 <= len(answered) <= 4
    assert (await here.chat(temperature=1)).status == 200, "the reservations were given back"


async def test_what_was_spent_before_the_start_counts(house) -> None:
    log = MemoryLog(Kept({"company": 100}, as_of_ms=NOW))
    here = house(log=log, teams={"company": TeamLimits(monthly_budget=100)})
    here.gateway.budgets._told = {"company": 100}  # the test's clock may stand in another month
    assert (await here.chat()).status == 429


def spent(budgets: Budgets, now_ms: int = NOW) -> int:
    return budgets.used("t", now_ms=now_ms)


def test_a_cost_counts_until_control_tells_a_sum_with_it() -> None:
    budgets = Budgets(Kept({"t": 5}, as_of_ms=NOW), now_ms=NOW)
    budgets.spent("t", 10, position=100, now_ms=NOW)
    budgets.spent("t", 20, position=200_000, now_ms=NOW)
    assert spent(budgets) == 35
    budgets.shipped(100, {"t": 15}, now_ms=NOW)
    assert spent(budgets) == 35
    budgets.shipped(200_000, {"t": 35}, now_ms=NOW)
    assert spent(budgets) == 35


def test_a_new_month_starts_from_nothing() -> None:
    budgets = Budgets(Kept(), now_ms=NOW)
    budgets.spent("t", 10, position=1, now_ms=NOW)
    budgets.reserve("t", 7, limit=11, now_ms=NOW)
    with pytest.raises(LimitReached, match="2026-12-01 00:00 UTC"):
        budgets.reserve("t", 1, limit=11, now_ms=NOW)
    budgets.reserve("t", 1, limit=11, now_ms=NEXT_MONTH)
    assert spent(budgets, NEXT_MONTH) == 8, "what is under way is still reserved"


def test_last_months_spend_is_not_taken_over_at_the_start() -> None:
    assert spent(Budgets(Kept({"t": 5}, as_of_ms=NOW), now_ms=NEXT_MONTH), NEXT_MONTH) == 0


def test_december_is_followed_by_january() -> None:
    december = int(datetime(2026, 12, 31, 23, 59, tzinfo=UTC).timestamp() * 1000)
    budgets = Budgets(Kept(), now_ms=december)
    budgets.spent("t", 10, position=1, now_ms=december)
    assert (spent(budgets, december), spent(budgets, december + 60_001)) == (10, 0)


async def test_the_spend_that_control_tells_is_what_counts(house) -> None:
    here = house(teams={"company": TeamLimits(monthly_budget=1000)})
    here.gateway.shipped(0, {"company": 1000})
    assert (await here.chat()).status == 429
    here.gateway.shipped(0, {"company": 999})
    assert (await here.chat()).status == 200
