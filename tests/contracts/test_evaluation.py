"""Evaluation sets, and what answers were made from, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.tables import with_tables

from stoa.adapters.database import Database, consultations
from stoa.adapters.database.evaluation import EvaluationTables
from stoa.domain.consultations import CitedDocument, ConsultedDay
from stoa.domain.evaluation import EvaluationSet, Judgement
from stoa.domain.usage import Consulted, UsageFact

DAY_MS = 86_400_000
SMOKE = EvaluationSet(name="smoke", collection="c", description="", created_by="u", created_at=1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path / 'db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = await with_tables(url)
    yield database
    await database.close()


def judgement(query: str, document: str = "d", **fields: Any) -> Judgement:
    usual = Judgement(
        query=query, label="good", document_id=document, source="s", path=f"{document}.md", digest="0" * 64, start=0, end=5,
        text="Words", judged_by="u", judged_at=1,
    )  # fmt: skip
    return msgspec.structs.replace(usual, **fields)


def fact(name: str, *consulted: Consulted, **fields: Any) -> UsageFact:
    usual = UsageFact(
        id=name, at_ms=5 * DAY_MS, request_id=name, operation="chat", team="t", key_id=None, user_id=None,
        requested="assistant/a", assistant="a", model="m", provider="p", status=200, cache="miss", streamed=False,
        prompt_tokens=1, completion_tokens=1, tokens_from="provider", cost_nano_usd=1, latency_ms=1.0,
        first_token_ms=None, attempts=1, error=None,
        snapshot_version=1, price_version="1", corpus_version=None, consulted=consulted or None,
    )  # fmt: skip
    return msgspec.structs.replace(usual, **fields)


async def test_a_set_holds_each_judgement_once_and_counts_them(database: Database) -> None:
    long = "why " * 500
    async with database.write() as connection:
        tables = EvaluationTables(connection)
        assert await tables.add(SMOKE)
        assert not await tables.add(SMOKE)
        await tables.judge("smoke", [judgement("b"), judgement("a", "e"), judgement("b", start=3), judgement(long)])
        await tables.judge("smoke", [judgement("b", label="bad")])
    async with database.read() as connection:
        tables = EvaluationTables(connection)
        found = await tables.find("smoke")
        assert found is not None
        assert (found.queries, found.judgements) == (3, 4)
        assert await tables.all(["c"]) == [found]
        assert await tables.all([]) == []
        assert await tables.queries("smoke") == ["a", "b", long]
        assert await tables.queries("smoke", after="a", limit=1) == ["b"]
        assert [(each.start, each.label) for each in await tables.judgements("smoke", ["b"])] == [(0, "bad"), (3, "good")]
    async with database.write() as connection:
        tables = EvaluationTables(connection)
        assert await tables.take_back("smoke", judgement("b"))
        assert not await tables.take_back("smoke", judgement("b"))
        await tables.remove("smoke")
        assert await tables.find("smoke") is None
        assert await tables.queries("smoke") == []


async def test_what_answers_were_made_from_is_summed_by_day_and_document(database: Database) -> None:
    facts = [
        fact("a", Consulted("c", 4, {"d": 2, "e": 1}), Consulted("other", 2, {})),
        fact("b", Consulted("c", 1, {}), at_ms=6 * DAY_MS),
        fact("h", cache="hit", cache_of="a", at_ms=6 * DAY_MS + 1),
    ]
    for _ in range(2):
        await database.transact(partial(consultations.insert, facts=facts))
    async with database.read() as connection:
        whole = {"from_ms": 0, "to_ms": 9 * DAY_MS}
        assert await consultations.by_day(connection, "c", **whole) == [
            ConsultedDay(5 * DAY_MS, 1, 4, 3, 0),
            ConsultedDay(6 * DAY_MS, 2, 5, 3, 1),
        ]
        top = await consultations.top_documents(connection, "c", **whole, limit=1)
        assert top == [CitedDocument("d", 2, 4)]
        assert await consultations.by_day(connection, "c", from_ms=0, to_ms=5 * DAY_MS) == []
