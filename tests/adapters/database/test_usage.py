"""Usage facts in the database: each once, and spend the sum of exactly those, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from random import Random

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert
from tests.thoroughness import examples

from stoa.adapters.database import Database
from stoa.adapters.database import facts as facts_in
from stoa.adapters.database.tables import keys, spend, teams, usage
from stoa.adapters.database.usage import UsageTable
from stoa.domain.ledger import UsageBucket, UsageQuery, month_of, total_of
from stoa.domain.usage import UsageFact

NOON = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000
EVER = UsageQuery(0, 2**60)


def fact(fact_id: str, **changed: object) -> UsageFact:
    usual = UsageFact(
        id=fact_id, at_ms=NOON, request_id="req", operation="chat", team="red", key_id=None, user_id="ann", requested="gpt",
        assistant=None, model="gpt", provider="openai", status=200, cache="miss", streamed=False, prompt_tokens=10,
        completion_tokens=5, tokens_from="provider", cost_nano_usd=100, latency_ms=1.5, first_token_ms=None, attempts=1,
        error=None, snapshot_version=1, price_version="1", corpus_version=None,
    )  # fmt: skip
    return msgspec.structs.replace(usual, **changed)


async def put(database: Database, *facts: UsageFact) -> None:
    await database.transact(partial(facts_in.insert, facts=facts))


async def spent(database: Database, month: str = "2026-11") -> dict[str, int]:
    return dict(await database.transact(partial(facts_in.spend_of, month=month)))


async def buckets(database: Database, group_by: str, query: UsageQuery = EVER) -> dict[str | None, int]:
    async with database.read() as connection:
        return {each.bucket: each.requests for each in await UsageTable(connection).buckets(query, group_by=group_by)}  # type: ignore[arg-type]


async def all_usage(database: Database) -> UsageBucket:
    async with database.read() as connection:
        return total_of(await UsageTable(connection).buckets(EVER, group_by="team"))


async def test_a_fact_comes_back_as_it_went_in(database: Database) -> None:
    sent = fact(
        "a", streamed=True, first_token_ms=2.25, error="späť", corpus_version="hr:3", parent_id="p", prompt_tokens=2**40
    )
    await put(database, sent)
    async with database.read() as connection:
        row = (await connection.execute(usage.select())).one()
    assert UsageFact(*row) == sent


async def test_a_batch_sent_twice_counts_once(database: Database) -> None:
    await put(database, fact("a"), fact("b"))
    await put(database, fact("a"), fact("b"), fact("c"), fact("c"))
    assert await buckets(database, "team") == {"red": 3}
    assert (await spent(database))["red"] == 300


async def test_spend_belongs_to_the_month_and_team_of_each_fact(database: Database) -> None:
    last_of_month = int(datetime(2026, 11, 30, 23, 59, 59, 999_000, tzinfo=UTC).timestamp() * 1000)
    await put(database, fact("a", at_ms=last_of_month), fact("b", at_ms=last_of_month + 1), fact("c", team="blue"))
    assert await spent(database, "2026-11") == {"red": 100, "blue": 100}
    assert await spent(database, "2026-12") == {"red": 100}


async def test_every_team_is_named_in_spend(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(teams), [{"name": "idle", "created_at": 1}])
    assert await spent(database) == {"idle": 0}


async def test_unknown_cost_is_counted_apart_and_adds_nothing(database: Database) -> None:
    await put(database, fact("a", cost_nano_usd=None), fact("b", cost_nano_usd=0), fact("c"))
    total = await all_usage(database)
    assert (total.requests, total.cost_nano_usd, total.unknown_cost_requests) == (3, 100, 1)
    assert (await spent(database))["red"] == 100


async def test_what_the_cache_saved_is_added_up_as_far_as_it_is_known(database: Database) -> None:
    hit = {"cache": "hit", "cost_nano_usd": 0, "cache_of": "a"}
    await put(
        database,
        fact("a"),
        fact("b", **hit, cache_tier="exact", saved_nano_usd=100),
        fact("c", **hit, cache_tier="joined", saved_nano_usd=None),
        fact("d", **hit, cache_tier="semantic", saved_nano_usd=11),
    )
    total = await all_usage(database)
    assert (total.requests, total.cache_hits, total.cost_nano_usd, total.saved_nano_usd) == (4, 3, 100, 111)
    assert (await spent(database))["red"] == 100


async def test_errors_hits_and_caused_work_are_told_apart(database: Database) -> None:
    embedding = fact("e", operation="embedding", parent_id="a", prompt_tokens=7, completion_tokens=0, cost_nano_usd=1)
    await put(
        database, fact("a"), embedding, fact("b", status=502, error="upstream_error"), fact("c", cache="hit", cost_nano_usd=0)
    )
    total = await all_usage(database)
    assert (total.requests, total.errors, total.cache_hits) == (3, 1, 1)
    assert (total.prompt_tokens, total.completion_tokens, total.cost_nano_usd) == (37, 15, 201)


async def test_usage_is_grouped_by_each_thing(database: Database) -> None:
    key = {"id": "key_1", "name": "app", "kind": "inference", "digest": "d", "hint": "sk-…", "team": "red", "groups": []}
    async with database.write() as connection:
        await connection.execute(insert(teams), [{"name": "red", "created_at": 1}])
        await connection.execute(insert(keys), [key | {"created_by": "bob", "created_at": 1}])
    await put(
        database,
        fact("a", at_ms=NOON - DAY),
        fact("b", key_id="key_1", user_id=None, model="other", cost_nano_usd=900),
        fact("c", assistant="hr", team="blue", model=None, status=404),
    )
    assert await buckets(database, "day") == {"2026-11-20": 1, "2026-11-21": 2}
    assert list((await buckets(database, "model")).items()) == [("other", 1), ("gpt", 1), (None, 1)]
    assert await buckets(database, "team") == {"red": 2, "blue": 1}
    assert await buckets(database, "key") == {"app": 1, None: 2}
    assert await buckets(database, "assistant") == {None: 2, "hr": 1}
    assert await buckets(database, "day", UsageQuery(NOON - DAY, NOON)) == {"2026-11-20": 1}


async def test_a_user_s_usage_is_their_own_and_that_of_keys_they_made(database: Database) -> None:
    key = {"id": "key_1", "name": "app", "kind": "inference", "digest": "d", "hint": "sk-…", "team": "red", "groups": []}
    async with database.write() as connection:
        await connection.execute(insert(teams), [{"name": "red", "created_at": 1}])
        await connection.execute(insert(keys), [key | {"created_by": "bob", "created_at": 1}])
    await put(database, fact("a"), fact("b", user_id=None, key_id="key_1"), fact("c", user_id=None, key_id="key_2"))
    assert await buckets(database, "team", UsageQuery(0, 2**60, user_id="ann")) == {"red": 1}
    assert await buckets(database, "team", UsageQuery(0, 2**60, user_id="bob")) == {"red": 1}
    assert await buckets(database, "team", UsageQuery(0, 2**60, user_id="eve")) == {}


async def test_what_a_client_sent_never_holds_up_its_batch(database: Database) -> None:
    await put(database, fact("a", requested="nul \0 inside", error="x\0"), fact("b", requested="long" * 200))
    assert await buckets(database, "team") == {"red": 2}


async def test_batches_that_arrive_together_are_each_counted(database: Database) -> None:
    batches = [[fact(f"{n % 7}-{i}", team=("red", "blue")[i % 2]) for i in range(20)] for n in range(10)]
    for batch in batches[1::2]:
        batch.reverse()  # another order of the same rows must not end in a deadlock
    await asyncio.gather(*(put(database, *batch) for batch in batches))
    assert await spent(database) == {"red": 7000, "blue": 7000}


facts = st.lists(
    st.builds(
        fact,
        st.integers(0, 30).map(str),
        at_ms=st.integers(NOON - 40 * DAY, NOON + 40 * DAY),
        team=st.sampled_from(["red", "blue", "green"]),
        cost_nano_usd=st.one_of(st.none(), st.integers(0, 10**15)),
    ),
    max_size=40,
    unique_by=lambda each: each.id,
)


@given(facts=facts, deliveries=st.lists(st.lists(st.integers(0, 39), max_size=30), max_size=6), random=st.randoms())
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_order_and_repetition_of_batches_counts_each_fact_once(
    database: Database, facts: Sequence[UsageFact], deliveries: Sequence[Sequence[int]], random: Random
) -> None:
    batches = [[facts[i] for i in batch if i < len(facts)] for batch in deliveries]
    batches += [[each] for each in facts]  # whatever else happened, each was shipped at last
    random.shuffle(batches)
    async with database.write() as connection:
        await connection.execute(delete(usage))
        await connection.execute(delete(spend))
    for batch in batches:
        if batch:
            await put(database, *batch)
    expected: dict[tuple[str, str], int] = {}
    for each in facts:
        if each.cost_nano_usd:
            at = (month_of(each.at_ms), each.team)
            expected[at] = expected.get(at, 0) + each.cost_nano_usd
    async with database.read() as connection:
        assert {(row.month, row.team): row.nano_usd for row in await connection.execute(spend.select())} == expected
    total = await all_usage(database)
    assert total.requests == len(facts)
    assert total.cost_nano_usd == sum(each.cost_nano_usd or 0 for each in facts)
