"""Requests are found again, and go when their time is over, on SQLite and on PostgreSQL."""

from typing import Any

from sqlalchemy import func, insert, select
from tests.adapters.database.test_usage import DAY, NOON, fact, put

from stoa.adapters.database import Database
from stoa.adapters.database.opening import opener
from stoa.adapters.database.retention import RetentionTable
from stoa.adapters.database.tables import contents, keys, spend, teams, traces, usage
from stoa.adapters.database.traces import TraceTable
from stoa.adapters.database.usage import UsageTable
from stoa.domain.ledger import UsageQuery
from stoa.domain.traces import Place, TraceQuery
from stoa.domain.usage import UsageFact
from stoa.kit.ids import least_id, new_id
from stoa.ledger.retention import Sweeper


async def ids(database: Database, after: Place | None = None, limit: int = 50, **wanted: Any) -> list[str]:
    query = TraceQuery(from_ms=wanted.pop("from_ms", 0), to_ms=wanted.pop("to_ms", 2**60), **wanted)
    async with database.read() as connection:
        return [each.id for each in await TraceTable(connection).page(query, after=after, limit=limit)]


async def test_a_record_lies_beside_its_fact_once(database: Database) -> None:
    await put(database, fact("a", decision=b"\x00why"), fact("b"))
    await put(database, fact("a", decision=b"\x00why"))
    async with database.read() as connection:
        assert (await connection.execute(select(traces))).all() == [("a", b"\x00why")]
        found = await TraceTable(connection).find("a", user_id=None)
        bare = await TraceTable(connection).find("b", user_id=None)
    assert found is not None and bare is not None
    assert (found.fact.id, found.record, bare.record) == ("a", b"\x00why", None)


async def test_the_newest_come_first_page_by_page(database: Database) -> None:
    await put(database, *(fact(f"f{n}", at_ms=NOON + n // 2) for n in range(6)))
    assert await ids(database, limit=4) == ["f5", "f4", "f3", "f2"]
    assert await ids(database, after=Place(NOON + 1, "f2")) == ["f1", "f0"]
    assert await ids(database, from_ms=NOON + 1, to_ms=NOON + 2) == ["f3", "f2"]


async def test_requests_are_found_by_what_they_were(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(teams), [{"name": "red", "created_at": 1}])
        key = {"id": "key_1", "digest": "d", "name": "shop", "kind": "inference", "team": "red", "hint": "sk", "groups": []}
        await connection.execute(insert(keys), [key | {"created_by": "ann", "created_at": 1}])
    await put(
        database,
        fact("plain"),
        fact("slow", latency_ms=900.0, key_id="key_1", user_id=None),
        fact("broken", status=503, error="upstream_timeout", model="claude", requested="fast", team="blue", user_id="bob"),
        fact("cut", error="client_gone", status=499),
        fact("turned-away", status=429, error="rate_limit", refused=True, model=None, cost_nano_usd=0),
        fact("embedded", parent_id="plain", operation="embedding"),
        fact("named", request_id="order-66"),
    )
    assert set(await ids(database, status="error")) == {"broken", "cut"}
    assert await ids(database, status="refused") == ["turned-away"]
    assert set(await ids(database, status="ok")) == {"plain", "slow", "named"}
    assert await ids(database, model="claude") == await ids(database, model="fast") == ["broken"]
    assert await ids(database, key="shop") == await ids(database, key="key_1") == ["slow"]
    assert await ids(database, team="blue") == ["broken"]
    assert await ids(database, least_ms=500) == ["slow"]
    assert await ids(database, text="TIMEOUT") == ["broken"]
    assert await ids(database, text="order-") == ["named"]
    assert await ids(database, text="turn") == ["turned-away"]
    assert await ids(database, text="%") == []
    assert "embedded" in await ids(database, caused=True)
    assert set(await ids(database, user_id="bob")) == {"broken"}
    assert "slow" in await ids(database, user_id="ann"), "of a key that ann made"


async def test_a_request_is_found_by_the_id_that_its_client_gave_it(database: Database) -> None:
    await put(
        database,
        fact("a", request_id="mine", at_ms=NOON),
        fact("b", request_id="mine", at_ms=NOON + 5),
        fact("c", request_id="c"),
    )
    await put(database, fact("e", parent_id="b"), fact("far", parent_id="b", at_ms=NOON + DAY))
    async with database.read() as connection:
        table = TraceTable(connection)
        found = await table.find("mine", user_id=None)
        assert found is not None
        assert (found.fact.id, [each.id for each in found.caused]) == ("b", ["e"])
        assert await table.find("mine", user_id="bob") is None
        assert await table.find("nothing", user_id=None) is None


async def test_refusals_are_counted_apart_from_requests(database: Database) -> None:
    refusal: UsageFact = fact("r", status=429, error="rate_limit", refused=True, model=None, provider=None, cost_nano_usd=0)
    await put(database, fact("a", form="chat"), refusal)
    async with database.read() as connection:
        table, ever = UsageTable(connection), UsageQuery(0, 2**60)
        (team,) = await table.buckets(ever, group_by="team")
        (model,) = await table.buckets(ever, group_by="model")
        latencies = await table.latencies(ever, group_by="route")
    assert (team.requests, team.errors, team.refused) == (1, 0, 1)
    assert (model.bucket, model.requests, model.refused) == ("gpt", 1, 0)
    assert [(each.requests, each.errors) for each in latencies] == [(1, 0)]


async def test_each_kind_goes_when_its_own_time_is_over(database: Database) -> None:
    now = NOON + 1000 * DAY

    def aged(days: int) -> UsageFact:
        at = now - days * DAY
        return fact(least_id(at)[:10] + new_id()[10:], at_ms=at, decision=b"why")

    await put(database, *(aged(days) for days in (1, 20, 40, 50, 60, 450, 500)))
    async with database.write() as connection:
        rows = [
            {"id": str(n), "at": 1, "team": "red", "key_id": "k", "expires_at": now + n - 2, "sealed": b"x"} for n in range(4)
        ]
        await connection.execute(insert(contents), rows)
        before = (await connection.execute(select(spend))).all()
    sweeper = Sweeper(
        opener(database.write, RetentionTable), usage_days=400, trace_days=30, job_days=30, version_days=30, now_ms=lambda: now
    )
    swept = await sweeper.sweep(rest_s=0, most=2)
    assert (swept.usage, swept.traces, swept.contents) == (2, 5, 2)
    async with database.read() as connection:
        left = [await connection.scalar(select(func.count()).select_from(table)) for table in (usage, traces, contents)]
        assert left == [5, 2, 2]
        assert (await connection.execute(select(spend))).all() == before, "what was spent stays"
    again = await sweeper.sweep(rest_s=0)
    assert (again.usage, again.traces, again.contents) == (0, 0, 0)
