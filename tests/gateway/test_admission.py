import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.gateway.noting import Noting

from stoa.adapters.cache.memory import MemoryAnswers
from stoa.adapters.providers.memory import Scripted
from stoa.adapters.wal.memory import MemoryLog
from stoa.domain.periods import Window
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Budget, Limit, Route, Target
from stoa.domain.snapshot import TeamLimits
from stoa.domain.usage import Kept, Told
from stoa.gateway.counting.estimate import tokens_in

MESSAGES = [{"role": "user", "content": "What is DevOps?"}]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def told(cost: int, scope: str = "team", subject: str = "company", period: str = "month UTC") -> Told:
    per, _, zone = period.partition(" ")
    window: Any = Window(per, zone)  # type: ignore[arg-type] - as the test writes it
    return Told(scope, subject, period, window.at(now_ms()), cost)


async def test_the_eleventh_request_of_a_minute_is_refused_and_told_when(house, make) -> None:
    here = house(keys={make.key(): make.caller(requests_per_minute=10)})
    replies = await asyncio.gather(*(here.chat(temperature=1) for _ in range(15)))
    assert sorted(reply.status for reply in replies) == [200] * 10 + [429] * 5
    refused = next(reply for reply in replies if reply.status == 429)
    assert (refused.error["code"], refused.error["type"]) == ("rate_limit_exceeded", "rate_limit_error")
    assert "may make 10 requests a minute and has made 10" in refused.error["message"]
    assert 1 <= int(refused.named["retry-after"]) <= 61
    assert len(here.facts) == 10


async def test_a_refusal_says_limit_used_most_reset_and_as_of_in_words_and_for_programs(house, make) -> None:
    here = house(keys={make.key(): make.caller(requests_per_minute=1)})
    await here.chat(temperature=1)
    error = (await here.chat(temperature=1)).error
    assert (error["limit"], error["unit"]) == ("requests_per_minute of key 'app'", "requests")
    assert (error["used"], error["most"]) == (1, 1)
    as_of, resets = datetime.fromisoformat(error["as_of"]), datetime.fromisoformat(error["resets_at"])
    assert 59 <= (resets - as_of).total_seconds() <= 61
    assert abs((as_of - datetime.now(UTC)).total_seconds()) < 30
    assert "(requests_per_minute of key 'app', as of " in error["message"]


async def test_every_answer_of_a_limited_key_says_what_is_left_in_openais_names(house, make) -> None:
    here = house(keys={make.key(): make.caller(requests_per_minute=10, tokens_per_minute=5000)})
    await here.chat(temperature=1)
    named = (await here.chat(temperature=1)).named
    assert {name: value for name, value in named.items() if name.startswith("x-ratelimit")} == {
        "x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "8", "x-ratelimit-reset-requests": "1m0s",
        "x-ratelimit-limit-tokens": "5000", "x-ratelimit-remaining-tokens": "4940", "x-ratelimit-reset-tokens": "1m0s",
    }  # fmt: skip
    refused = house(keys={make.key(): make.caller(requests_per_minute=1)})
    await refused.chat(temperature=1)
    assert (await refused.chat(temperature=1)).named["x-ratelimit-remaining-requests"] == "0"


async def test_streams_say_it_at_their_head_and_anthropics_clients_find_it_under_their_names(house, make) -> None:
    here = house(make.stream(*make.talk("a")), keys={make.key(): make.caller(requests_per_minute=3)})
    assert (await here.chat(stream=True)).named["x-ratelimit-remaining-requests"] == "2"
    body = {"model": "mock", "max_tokens": 10, "messages": MESSAGES}
    named = (await here.ask("/v1/messages", body | {"stream": True})).named
    assert named["anthropic-ratelimit-requests-limit"] == "3"
    assert named["anthropic-ratelimit-requests-remaining"] == "1"
    reset = datetime.fromisoformat(named["anthropic-ratelimit-requests-reset"])
    assert 55 <= (reset - datetime.now(UTC)).total_seconds() <= 61
    assert "x-ratelimit-limit-requests" not in named


async def test_anthropics_errors_say_it_for_programs_too(house, make) -> None:
    here = house(keys={make.key(): make.caller(requests_per_minute=1)})
    await here.chat(temperature=1)
    reply = await here.ask("/v1/messages", {"model": "mock", "max_tokens": 10, "messages": MESSAGES})
    assert (reply.status, reply.json["type"], reply.error["type"]) == (429, "error", "rate_limit_error")
    assert (reply.error["used"], reply.error["most"]) == (1, 1)


async def test_tokens_are_claimed_as_estimated_and_put_right_once_they_are_known(house, make) -> None:
    here = house(keys={make.key(): make.caller(tokens_per_minute=150)})
    replies = await asyncio.gather(*(here.chat(temperature=1, max_tokens=64) for _ in range(5)))
    assert sorted(reply.status for reply in replies) == [200, 429, 429, 429, 429], "what is under way counts as estimated"
    assert "this request is taken to need" in next(reply for reply in replies if reply.status == 429).error["message"]
    assert (await here.chat(temperature=1, max_tokens=64)).status == 200, "30 tokens were used, no more"
    assert (await here.chat(temperature=1, max_tokens=64)).named["x-ratelimit-remaining-tokens"] == "60"


async def test_a_request_that_can_never_fit_is_told_so(house, make) -> None:
    here = house(keys={make.key(): make.caller(tokens_per_minute=50)})
    reply = await here.chat(temperature=1, max_tokens=64)
    assert (reply.status, "which it never may" in reply.error["message"]) == (429, True)


async def test_what_an_answer_is_guessed_to_need_refuses_nobody_for_ever(house, make) -> None:
    here = house(keys={make.key(): make.caller(tokens_per_minute=100)})
    replies = [await here.chat(temperature=1) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 200], "how long answers are is known from the first one on"
    crowd = await asyncio.gather(*(here.chat(temperature=1) for _ in range(2)))
    assert {reply.status for reply in crowd} == {429}
    assert "which it never may" not in crowd[0].error["message"]


async def test_no_more_requests_are_under_way_at_once_than_may_be(house, make) -> None:
    here = house(make.stream(*make.talk("a"), hold=True), keys={make.key(): make.caller(parallel=2)})
    body = {"model": "mock", "messages": MESSAGES, "stream": True, "temperature": 1}
    replies = [here.begin("/v1/chat/completions", body) for _ in range(3)]
    assert [reply.status for reply in replies[:2]] != [429, 429]
    assert (replies[2].status, replies[2].error["code"]) == (429, "parallel_limit")
    assert replies[2].error["resets_at"] is None
    replies[0].intake.on_gone()
    await asyncio.sleep(0.01)
    again = here.begin("/v1/chat/completions", body)
    assert again.status != 429, "whoever went away gave the place back"
    for reply in (replies[1], again):
        reply.intake.on_gone()


async def test_a_spent_budget_refuses_before_calling_the_provider(house) -> None:
    here = house(teams={"company": TeamLimits(monthly_budget=13_500)})
    assert (await here.chat(temperature=1)).status == 200
    reply = await here.chat(temperature=1)
    assert (reply.status, reply.error["code"], reply.error["type"]) == (429, "insufficient_quota", "insufficient_quota")
    assert "has used $0.0000135 of its budget of $0.0000135 this month" in reply.error["message"]
    assert (reply.error["limit"], reply.error["used"], reply.error["most"]) == (
        "monthly budget of team 'company'", 13_500, 13_500
    )  # fmt: skip
    assert int(reply.named["retry-after"]) > 0
    assert len(here.upstreams.sent) == 1


async def test_requests_under_way_count_with_their_estimate(house) -> None:
    estimate = 700 * 150  # at least: 64 tokens of answer at 600 and the question
    here = house(teams={"company": TeamLimits(monthly_budget=estimate)})
    replies = await asyncio.gather(*(here.chat(temperature=1, max_tokens=64) for _ in range(50)))
    answered = [reply for reply in replies if reply.status == 200]
    assert 1 <= len(answered) <= 4
    assert (await here.chat(temperature=1)).status == 200, "the reservations were given back"


async def test_every_answer_and_every_fact_has_the_estimate(house) -> None:
    here = house()
    reply = await here.chat(temperature=1, max_tokens=100)
    (fact,) = here.facts
    assert reply.named["x-stoa-estimate-nano-usd"] == str(fact.estimate_nano_usd)
    assert 100 * 600 < fact.estimate_nano_usd < 150 * 600
    assert (await here.chat("other")).named["x-stoa-estimate-nano-usd"] == "unknown"


async def test_every_answer_tells_how_many_tokens_its_request_was_taken_to_have(house) -> None:
    here = house(teams={"company": TeamLimits(monthly_budget=10**9)})
    short, long = await here.chat(temperature=1), await here.chat("other", "word " * 1000, temperature=1)
    read = tokens_in(here.upstreams.sent[0].body)
    assert short.named["x-stoa-estimate-tokens"] == str(read)
    assert 800 < int(long.named["x-stoa-estimate-tokens"]) < 1200, "of what is asked, whether or not its price is known"
    estimate = int((await here.chat(temperature=1, max_tokens=100)).named["x-stoa-estimate-nano-usd"])
    assert estimate > 100 * 600, "of what is asked and answered"


async def test_what_is_paid_by_the_request_is_set_aside_too(house) -> None:
    here = house(prices={"mock": ModelPrice(0.0, 0.0, request=5_000_000.0)})
    assert (await here.chat(temperature=1)).named["x-stoa-estimate-nano-usd"] == "5000000"


async def test_nothing_is_set_aside_for_what_costs_nothing(house) -> None:
    here = house(prices={"mock": ModelPrice(0.0, 0.0)})
    assert (await here.chat(temperature=1)).named["x-stoa-estimate-nano-usd"] == "0"


async def test_without_a_limit_of_its_own_an_answer_is_taken_to_be_as_long_as_the_models_others(house, make) -> None:
    here = house(make.whole("x", prompt_tokens=5, completion_tokens=10, total_tokens=15))
    first = (await here.chat(temperature=1)).named["x-stoa-estimate-nano-usd"]
    for _ in range(200):
        await here.chat(temperature=1)
    last = (await here.chat(temperature=1)).named["x-stoa-estimate-nano-usd"]
    assert int(first) > 1000 * 600
    assert int(last) < 40 * 600


async def test_what_was_spent_before_the_start_counts(house) -> None:
    log = MemoryLog(Kept([told(100)], as_of_ms=now_ms()))
    here = house(log=log, teams={"company": TeamLimits(monthly_budget=100)})
    assert (await here.chat()).status == 429


async def test_what_control_tells_is_spent_is_what_counts(house) -> None:
    here = house(teams={"company": TeamLimits(monthly_budget=1000)})
    here.gateway.shipped(0, [told(1000)])
    assert (await here.chat()).status == 429
    here.gateway.shipped(0, [told(999)])
    assert (await here.chat()).status == 200


# --- limits and budgets that are applied


@pytest.mark.parametrize(
    ("limit", "named"),
    [
        (Limit(name="l", scope="key", requests=1), "'app'"),
        (Limit(name="l", scope="key", subject="app", requests=1, per="day", time_zone="Europe/Berlin"), "'app'"),
        (Limit(name="l", scope="team", requests=1, per="hour"), "Team 'company'"),
        (Limit(name="l", scope="route", subject="spread", requests=1), "Route 'spread'"),
        (Limit(name="l", scope="model", subject="mock", requests=1), "Model 'mock'"),
    ],
)
async def test_a_limit_holds_for_whom_it_names(house, limit: Limit, named: str) -> None:
    here, asked = house(limits={"l": limit}), "mock" if limit.scope == "model" else "spread"
    assert (await here.chat(asked, temperature=1)).status == 200
    reply = await here.chat(asked, temperature=1)
    assert reply.status == 429
    each = {"minute": "a minute", "hour": "an hour", "day": "a day"}[limit.per]
    assert f"{named} may make 1 requests {each} and has made 1" in reply.error["message"]
    assert "limit 'l'" in reply.error["message"]


@pytest.mark.parametrize(("before", "after"), [("hour", "minute"), ("minute", "hour"), ("day", "hour")])
async def test_a_limit_that_gets_another_period_is_counted_by_it(house, make, before: Any, after: Any) -> None:
    here = house(limits={"l": Limit(name="l", scope="team", requests=2, per=before)})
    assert (await here.chat(temperature=1)).status == 200
    here.gateway.swap(make.snapshot(version=8, limits={"l": Limit(name="l", scope="team", requests=2, per=after)}))
    assert [(await here.chat(temperature=1)).status for _ in range(3)] == [200, 200, 429]
    (rule,) = here.gateway._plan.keys[bytes.fromhex(make.key())].rules
    sooner = now_ms() + 61_000
    if rule.window is not None and rule.window.at(sooner) == rule.window.at(now_ms()):
        assert here.gateway.counter.used(rule.claim(1, sooner), sooner)[0] == 2
    later = now_ms() + (62_000 if after == "minute" else 3_600_000)
    assert here.gateway.counter.used(rule.claim(1, later), later)[0] == 0


async def test_a_limit_of_another_holds_not(house) -> None:
    others = [
        Limit(name="a", scope="key", subject="other-app", requests=1), Limit(name="b", scope="user", requests=1),
        Limit(name="c", scope="model", subject="other", requests=1), Limit(name="d", scope="team", subject="hr", requests=1),
    ]  # fmt: skip
    here = house(limits={each.name: each for each in others})
    assert [(await here.chat(temperature=1)).status for _ in range(3)] == [200] * 3


async def test_where_a_models_limit_is_reached_the_routes_next_model_answers(house, make) -> None:
    route = Route(name="spread", targets=(Target(model="mock"),), fallback=("other",))
    here = house(routes={"spread": route}, limits={"l": Limit(name="l", scope="model", subject="mock", requests=1)})
    assert [(await here.chat("spread", temperature=1)).named["x-stoa-model"] for _ in range(3)] == ["mock", "other", "other"]


async def test_a_models_tokens_are_counted_over_all_who_ask_for_it(house, make) -> None:
    keys = {make.key(): make.caller(), make.key("sk-2"): make.caller("second")}
    here = house(keys=keys, limits={"l": Limit(name="l", scope="model", tokens=120)})
    assert (await here.chat(temperature=1, max_tokens=60)).status == 200
    await asyncio.sleep(0)
    assert (await here.chat(temperature=1, max_tokens=60, key="sk-2")).status == 200, "30 were used, not 60 and more"
    await asyncio.sleep(0)
    assert (await here.chat(temperature=1, max_tokens=60, key="sk-2")).status == 429


async def test_a_models_limit_from_afar_is_waited_for(house) -> None:
    counter = Noting(late=True)
    here = house(counter=counter, limits={"l": Limit(name="l", scope="model", requests=1)})
    assert [(await here.chat(temperature=1)).status for _ in range(2)] == [200, 429]


async def test_a_soft_budget_lets_pass_and_says_so_in_header_log_and_metric(house, caplog) -> None:
    here = house(budgets={"b": Budget(name="b", scope="key", warn_usd="0.00002", per="day")})
    assert "x-stoa-budget-warning" not in (await here.chat(temperature=1, max_tokens=1)).named
    replies = [await here.chat(temperature=1, max_tokens=1) for _ in range(3)]
    assert [reply.status for reply in replies] == [200] * 3
    assert replies[2].named["x-stoa-budget-warning"].startswith("budget 'b': 'app' has used $0.0000")
    logged = [record for record in caplog.records if "budget 'b'" in record.getMessage()]
    assert len(logged) == 1, "once in a window"
    shown = (await here.ask("/metrics", method="GET", key=None)).body
    assert b'stoa_budget_warnings_total{budget="b"} 2' in shown


async def test_a_budget_of_an_assistant_holds_for_everybody_who_asks_it(house, make) -> None:
    here = house(budgets={"b": Budget(name="b", scope="assistant", subject="handbook", per="week", limit_usd="0.000013")})
    here.documents.passages = [make.passage(1)]
    assert (await here.chat("assistant/handbook", temperature=1)).status == 200
    reply = await here.chat("assistant/handbook", temperature=1)
    assert (reply.status, reply.error["limit"]) == (429, "budget 'b'")
    assert (await here.chat(temperature=1)).status == 200, "others are not bound by it"


async def test_requests_of_unknown_cost_are_refused_where_a_budget_says_so(house) -> None:
    here = house(budgets={"b": Budget(name="b", scope="team", limit_usd="5", unknown="refuse")})
    reply = await here.chat("other")
    assert (reply.status, reply.error["code"], reply.error["limit"]) == (429, "insufficient_quota", "budget 'b'")
    assert "without a price" in reply.error["message"]
    assert (await here.chat(temperature=1)).status == 200


async def test_each_project_has_a_meter_of_its_own(house) -> None:
    here = house(budgets={"b": Budget(name="b", scope="project", limit_usd="0.000013")})

    async def ask(project: str | None) -> int:
        headers = {"x_stoa_project": project} if project else {}
        body = {"model": "mock", "messages": MESSAGES, "temperature": 1}
        return (await here.ask("/v1/chat/completions", body, **headers)).status

    assert [await ask(each) for each in ("apollo", "gemini", "apollo", None, None)] == [200, 200, 429, 200, 200]
    assert [fact.project for fact in here.facts] == ["apollo", "gemini", None, None]


async def test_a_key_has_a_project_that_a_request_may_replace(house, make) -> None:
    here = house(keys={make.key(): make.caller(project="apollo")})
    body = {"model": "mock", "messages": MESSAGES}
    await here.ask("/v1/chat/completions", body)
    await here.ask("/v1/chat/completions", body, x_stoa_project="gemini")
    assert [fact.project for fact in here.facts] == ["apollo", "gemini"]
    reply = await here.ask("/v1/chat/completions", body, x_stoa_project="Not A Name")
    assert (reply.status, reply.error["param"]) == (400, "x-stoa-project")


async def test_random_project_tags_take_no_room_without_end(house) -> None:
    here = house(budgets={"b": Budget(name="b", scope="project", limit_usd="1")})
    book, ledger = here.gateway._plan.book, here.gateway.ledger
    for number in range(10_000):
        book.of_project(f"p{number}", now_ms())
    assert len(book._projects) <= 4096
    assert len(ledger._sums) <= 4096


async def test_a_keys_own_budget_has_its_own_period(house, make) -> None:
    caller = make.caller(budget=13_500, budget_period="day Europe/Berlin")
    here = house(keys={make.key(): caller})
    assert [(await here.chat(temperature=1)).status for _ in range(2)] == [200, 429]
    here.gateway.shipped(10**9, [])
    assert (await here.chat(temperature=1)).status == 429, "this process has counted it"


async def test_stoas_own_work_for_a_team_counts_against_its_money_and_no_rate(house, make) -> None:
    here = house(
        lambda sent: make.whole(),
        limits={"l": Limit(name="l", scope="team", requests=1)},
        teams={"company": TeamLimits(monthly_budget=10**12)},
    )
    plan = here.gateway._plan
    assert [rule.meter.unit for rule in plan.services["company"].rules] == ["nano_usd"]


# --- what is claimed is settled


def ends(make: Any) -> dict[str, Any]:
    """Ways in which a request ends."""
    return {
        "answered": make.whole(),
        "streamed": make.stream(*make.talk("a", "b")),
        "failed": make.stream(b"", done=False),
    }


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("way", ["answered", "streamed", "failed", "gone", "gone_before", "cached", "log_full", "unreadable"])
async def test_a_claim_is_settled_once_whatever_way_a_request_ends(house, make, way: str, late: bool) -> None:
    counter = Noting(late=late)
    script = ends(make).get(way) or make.stream(*make.talk("a"), hold=way == "gone")
    log = MemoryLog()
    here = house(
        script if way != "cached" else make.whole(), counter=counter, log=log,
        keys={make.key(): make.caller(requests_per_minute=100, tokens_per_minute=10_000, parallel=5)},
        teams={"company": TeamLimits(monthly_budget=10**12)},
    )  # fmt: skip
    streamed = way not in ("answered", "cached")
    body = {"model": "mock", "messages": MESSAGES, "stream": streamed, "temperature": 0 if way == "cached" else 1}
    log.full = way == "log_full"
    if way == "unreadable":
        await here.ask("/v1/chat/completions", {"model": "mock", "messages": []})
    for _ in range(2):
        reply = here.begin("/v1/chat/completions", body)
        if way == "gone":
            await reply.began.wait()
            reply.intake.on_gone()
        elif way == "gone_before":
            reply.intake.on_gone()
        else:
            await reply.wait()
    await asyncio.sleep(0.02)
    counter.everything_was_settled_once()
    if way == "gone_before" and late:
        assert not here.facts
        assert all(each.amounts[1:] == (0, 0, 0) for each in counter.granted)
    if way == "answered":
        assert [each.amounts for each in counter.granted] == [(None, 30, 0, 13_500)] * 2


async def test_a_claim_is_given_back_where_a_stage_fails_as_nobody_thought_of(house, make) -> None:
    class Broken(MemoryAnswers):
        def get(self, scope: bytes, key: bytes, told: Any) -> None:
            raise RuntimeError("a fault of Stoa's own")

    counter = Noting()
    here = house(counter=counter, answers=Broken(), keys={make.key(): make.caller(parallel=1, tokens_per_minute=5000)})
    with pytest.raises(RuntimeError):
        here.begin("/v1/chat/completions", {"model": "mock", "messages": MESSAGES, "temperature": 0})
    counter.everything_was_settled_once()
    assert [each.amounts for each in counter.granted] == [(0, 0)]


async def test_a_failed_request_takes_no_tokens_of_its_limit(house, make) -> None:
    counter = Noting()
    here = house(Scripted(500, [b"{}"]), counter=counter, keys={make.key(): make.caller(tokens_per_minute=1000)})
    assert (await here.chat(temperature=1, max_tokens=60)).status >= 500
    assert [each.amounts for each in counter.granted] == [(0,)]


async def test_a_budget_is_never_passed_by_more_than_what_is_under_way(house, make) -> None:
    """LESSONS: spend passes the budget and calls still succeed."""
    budget = 10 * 13_500
    here = house(teams={"company": TeamLimits(monthly_budget=budget)})
    for _ in range(40):
        await asyncio.gather(*(here.chat(temperature=1, max_tokens=20) for _ in range(3)))
    spent = sum(fact.cost_nano_usd for fact in here.facts)
    assert budget <= spent <= budget + 2 * 13_500


async def test_what_is_not_configured_claims_nothing(house) -> None:
    counter = Noting()
    here = house(counter=counter)
    assert (await here.chat(temperature=1)).status == 200
    assert counter.claims == []


async def test_a_models_price_decides_nothing_where_there_is_none(house, make) -> None:
    """LESSONS: remaining budget jumps to the full amount when spend is unknown."""
    here = house(budgets={"b": Budget(name="b", scope="team", limit_usd="1")})
    for _ in range(3):
        await here.chat("other", temperature=1)
    rule = here.gateway._plan.keys[bytes.fromhex(make.key())].rules[0]
    assert (rule.known.floor(now_ms()), rule.known.unknown) == (0, 3)
