"""What is spent of each budget: exactly the facts there are, whenever a budget begins, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update
from tests.thoroughness import examples

from stoa.adapters.database import Database
from stoa.adapters.database.desired import ResourceTable
from stoa.adapters.database.facts import FactRecords
from stoa.adapters.database.revision import advance
from stoa.adapters.database.tables import followed, keys, resources, spent, teams, usage, users
from stoa.domain.periods import window_of
from stoa.domain.resources import Budget
from stoa.domain.usage import UsageFact

NOW = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp() * 1000)
HOUR = 3_600_000


def fact(fact_id: str, **changed: object) -> UsageFact:
    usual = UsageFact(
        id=fact_id, at_ms=NOW, request_id="req", operation="chat", team="red", key_id="key_1", user_id=None, requested="gpt",
        assistant=None, model="gpt", provider="openai", status=200, cache="miss", streamed=False, prompt_tokens=10,
        completion_tokens=5, tokens_from="provider", cost_nano_usd=100, latency_ms=1.5, first_token_ms=None, attempts=1,
        error=None, snapshot_version=1, price_version="1", corpus_version=None,
    )  # fmt: skip
    return msgspec.structs.replace(usual, **changed)


async def apply(database: Database, *budgets: Budget) -> None:
    async with database.write() as connection:
        await advance(connection)
        for each in budgets:
            await ResourceTable(connection).save(each, now_ms=NOW, by="t")


async def ship(database: Database, *facts: UsageFact, now_ms: int = NOW) -> dict[tuple[str, str, str], tuple[int, int]]:
    told = (await FactRecords(database).record(facts, now_ms=now_ms)).budgets
    return {(each.scope, each.subject, each.period): (each.nano_usd, each.unknown) for each in told}


async def test_without_budgets_nothing_is_summed(database: Database) -> None:
    assert await ship(database, fact("a")) == {}
    async with database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(spent))).scalar_one() == 0


async def test_each_subject_has_its_sum_and_unknown_costs_are_counted_apart(database: Database) -> None:
    await apply(database, Budget(name="p", scope="project", per="day", limit_usd="1"))
    told = await ship(
        database, fact("a", project="apollo"), fact("b", project="apollo", cost_nano_usd=None), fact("c", project="gemini"),
        fact("d"), fact("e", project="free", cost_nano_usd=0),
    )  # fmt: skip
    assert told == {("project", "apollo", "day UTC"): (100, 1), ("project", "gemini", "day UTC"): (100, 0)}


async def test_a_fact_that_comes_again_counts_once(database: Database) -> None:
    await apply(database, Budget(name="b", scope="team", per="hour", limit_usd="1"))
    await ship(database, fact("a"), fact("b"))
    assert await ship(database, fact("b"), fact("a"), fact("c"), fact("c")) == {("team", "red", "hour UTC"): (300, 0)}


async def test_a_budget_that_is_new_has_what_was_spent_in_its_window(database: Database) -> None:
    await ship(database, fact("old", at_ms=NOW - 30 * HOUR), fact("a", at_ms=NOW - HOUR), fact("b", cost_nano_usd=None))
    await apply(database, Budget(name="b", scope="team", subject="red", per="day", limit_usd="1"))
    assert await ship(database) == {("team", "red", "day UTC"): (100, 1)}
    await apply(database, Budget(name="b", scope="team", subject="red", per="week", limit_usd="1"))
    assert await ship(database) == {("team", "red", "week UTC"): (200, 1)}


async def test_a_budget_that_was_away_for_a_while_misses_nothing(database: Database) -> None:
    budget = Budget(name="b", scope="assistant", per="month", limit_usd="1")
    await apply(database, budget)
    await ship(database, fact("a", assistant="hr"))
    async with database.write() as connection:
        await advance(connection)
        await connection.execute(delete(resources))
    assert await ship(database, fact("b", assistant="hr")) == {}
    await apply(database, budget)
    assert await ship(database, fact("c", assistant="hr")) == {("assistant", "hr", "month UTC"): (300, 0)}


async def test_budgets_of_keys_users_and_teams_are_followed_by_id(database: Database) -> None:
    key = {"id": "key_1", "name": "app", "kind": "inference", "digest": "d", "hint": "sk", "team": "red", "groups": [],
           "created_by": "ann", "created_at": 1}  # fmt: skip
    async with database.write() as connection:
        await connection.execute(insert(teams), [{"name": "red", "created_at": 1, "monthly_budget": 5}])
        await connection.execute(
            insert(users), [{"id": "usr_1", "name": "ann", "display_name": "", "team": "red", "created_at": 1}]
        )
        await connection.execute(insert(keys), [key])
    await apply(database, Budget(name="u", scope="user", subject="ann", per="day", limit_usd="1"),
                Budget(name="k", scope="key", subject="app", per="hour", limit_usd="1"))  # fmt: skip
    async with database.write() as connection:
        await connection.execute(update(keys).values(budget=7, budget_period="day Europe/Berlin"))
    told = await ship(database, fact("a"), fact("b", key_id=None, user_id="usr_1"), fact("c", key_id="key_2"))
    assert told == {
        ("team", "red", "month UTC"): (300, 0), ("key", "key_1", "day Europe/Berlin"): (100, 0),
        ("key", "key_1", "hour UTC"): (100, 0), ("user", "usr_1", "day UTC"): (100, 0),
    }  # fmt: skip


async def test_a_day_in_its_zone_begins_where_it_does_there(database: Database) -> None:
    zone = ZoneInfo("Europe/Berlin")
    await apply(database, Budget(name="b", scope="team", per="day", time_zone="Europe/Berlin", limit_usd="1"))
    first = int(datetime(2026, 10, 25, 0, 0, tzinfo=zone).timestamp() * 1000)
    last = first + 25 * HOUR - 1
    told = await ship(
        database, fact("before", at_ms=first - 1), fact("a", at_ms=first), fact("b", at_ms=last), fact("after", at_ms=last + 1),
        now_ms=last,
    )  # fmt: skip
    assert told == {("team", "red", "day Europe/Berlin"): (200, 0)}
    assert await ship(database, now_ms=last + 1) == {("team", "red", "day Europe/Berlin"): (100, 0)}


async def test_sums_of_windows_long_over_are_forgotten(database: Database) -> None:
    await apply(database, *(Budget(name=per, scope="team", per=per, limit_usd="1") for per in ("minute", "hour", "month")))
    await ship(database, fact("a", at_ms=NOW - 80 * 24 * HOUR), fact("b", at_ms=NOW - 3 * HOUR), fact("c"))
    await FactRecords(database).record([], now_ms=NOW)
    async with database.read() as connection:
        rows = (await connection.execute(select(spent.c.period, spent.c.nano_usd).order_by(spent.c.period))).all()
    assert [tuple(row) for row in rows] == [("hour UTC", 100), ("hour UTC", 100), ("minute UTC", 100), ("month UTC", 200)]


async def test_budgets_that_come_while_facts_do_miss_none_and_count_none_twice(database: Database) -> None:
    async def usage_of(gateway: int) -> None:
        for number in range(12):
            await ship(database, *(fact(f"{gateway}-{number}-{n}", project=f"p{n % 3}") for n in range(9)))

    async def change() -> None:
        for number in range(6):
            await asyncio.sleep(0.01)
            per = ("minute", "hour", "day", "week", "month", "day")[number]
            await apply(database, Budget(name=f"b{number}", scope="project", per=per, limit_usd="1",
                                         subject=None if number % 2 else "p1"))  # fmt: skip

    await asyncio.gather(usage_of(1), usage_of(2), usage_of(3), change())
    told = await ship(database)
    assert {period for _, _, period in told} == {f"{per} UTC" for per in ("minute", "hour", "day", "week", "month")}
    assert set(told.values()) == {(3 * 12 * 3 * 100, 0)}


FACTS = st.lists(
    st.builds(
        fact,
        st.integers(0, 30).map(str),
        at_ms=st.integers(NOW - 40 * HOUR, NOW + HOUR // 2),
        key_id=st.sampled_from(["key_1", "key_2", None]),
        project=st.sampled_from(["apollo", None]),
        cost_nano_usd=st.one_of(st.none(), st.integers(0, 10**12)),
    ),
    max_size=30,
    unique_by=lambda each: each.id,
)


@given(facts=FACTS, begins=st.integers(0, 30), deliveries=st.lists(st.lists(st.integers(0, 29), max_size=10), max_size=6))
@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_sums_are_those_of_the_facts_whenever_the_budget_begins_and_however_often_they_come(
    database: Database, facts: Sequence[UsageFact], begins: int, deliveries: Sequence[Sequence[int]]
) -> None:
    async with database.write() as connection:
        for table in (usage, spent, followed, resources):
            await connection.execute(delete(table))
    batches = [[facts[i] for i in batch if i < len(facts)] for batch in deliveries] + [[each] for each in facts]
    for number, batch in enumerate(batches):
        if number == begins % max(1, len(batches)):
            await apply(database, Budget(name="k", scope="key", per="day", limit_usd="1"),
                        Budget(name="p", scope="project", subject="apollo", per="week", limit_usd="1"))  # fmt: skip
        await ship(database, *batch)
    told, expected = await ship(database), dict[tuple[str, str, str], tuple[int, int]]()
    if not batches:
        return
    for scope, period, field in (("key", "day UTC", "key_id"), ("project", "week UTC", "project")):
        window = window_of(period)
        start = window.at(NOW)
        for each in facts:
            name = getattr(each, field)
            if name is not None and start <= each.at_ms < window.end:
                cost, unknown = expected.get((scope, name, period), (0, 0))
                added = (cost + (each.cost_nano_usd or 0), unknown + (each.cost_nano_usd is None))
                expected[scope, name, period] = added
    assert {which: sums for which, sums in told.items() if sums != (0, 0)} == {
        which: sums for which, sums in expected.items() if sums != (0, 0)
    }
