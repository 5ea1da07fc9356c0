"""The body that the gateway ships, and the answer it gets."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from tests.tables import with_tables

from stoa.adapters.database import Database
from stoa.adapters.database.facts import FactRecords
from stoa.adapters.database.usage import UsageTable
from stoa.domain.ledger import UsageQuery
from stoa.domain.usage import Told, UsageFact
from stoa.errors import InvalidRequest
from stoa.ledger.usage import record

NOVEMBER = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp() * 1000)
DECEMBER = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await with_tables(f"sqlite:///{tmp_path / 'stoa.sqlite'}")
    yield opened
    await opened.close()


def batch(*ids: str) -> bytes:
    return msgspec.msgpack.encode([fact(each) for each in ids])


def fact(fact_id: str) -> UsageFact:
    return UsageFact(
        id=fact_id, at_ms=NOVEMBER, request_id="req", operation="chat", team="red", key_id="k", user_id=None, requested="gpt",
        assistant=None, model="gpt", provider="openai", status=200, cache="miss", streamed=False, prompt_tokens=10,
        completion_tokens=5, tokens_from="provider", cost_nano_usd=100, latency_ms=1.5, first_token_ms=None, attempts=1,
        error=None, snapshot_version=1, price_version="1", corpus_version=None,
    )  # fmt: skip


async def shipped(database: Database, body: bytes, *, now_ms: int = NOVEMBER) -> dict[str, int]:
    """What each team has spent this month."""
    answer = await record(body, recorder=FactRecords(database), now_ms=now_ms)
    told = msgspec.msgpack.decode(answer, type=dict[str, list[Told]])["spent"]
    assert {each.scope for each in told} <= {"team"}
    assert {each.period for each in told} <= {"month UTC"}
    return {each.subject: each.nano_usd for each in told}


async def test_a_batch_is_answered_with_the_spend_that_includes_it(database: Database) -> None:
    assert await shipped(database, batch("a", "b")) == {"red": 200}
    assert await shipped(database, batch("b", "c")) == {"red": 300}


async def test_an_empty_batch_asks_for_the_spend(database: Database) -> None:
    await shipped(database, batch("a"))
    assert await shipped(database, batch()) == {"red": 100}


async def test_a_new_month_starts_at_nothing(database: Database) -> None:
    await shipped(database, batch("a"))
    assert await shipped(database, batch(), now_ms=DECEMBER) == {}


@pytest.mark.parametrize("body", [b"", b"\xc1", msgspec.msgpack.encode({"a": 1}), msgspec.msgpack.encode([["a", "b"]])])
async def test_what_is_no_batch_is_refused_and_leaves_nothing(database: Database, body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="msgpack list of usage facts"):
        await record(body, recorder=FactRecords(database), now_ms=NOVEMBER)
    async with database.read() as connection:
        assert await UsageTable(connection).buckets(UsageQuery(0, 2**60), group_by="day") == []


async def test_a_fact_of_an_older_gateway_is_taken(database: Database) -> None:
    without_parent: Sequence[object] = msgspec.structs.astuple(fact("a"))[:-1]
    assert await shipped(database, msgspec.msgpack.encode([without_parent])) == {"red": 100}
