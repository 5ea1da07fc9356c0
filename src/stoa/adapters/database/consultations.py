"""What answers were made from, by collection and document, beside the usage facts that tell it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, case, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import cited, consulted
from stoa.domain.consultations import CitedDocument, ConsultedDay
from stoa.domain.usage import SHADOW, UsageFact

_DAY_MS = 86_400_000


def insert(connection: Connection, facts: Sequence[UsageFact]) -> None:
    """Add what is not there yet. An answer from the cache was made from what the answer was made from that filled it."""
    asked: list[dict[str, object]] = []
    cites: list[dict[str, object]] = []
    again: list[UsageFact] = []
    for fact in facts:
        if fact.arm == SHADOW:
            continue
        if fact.consulted is None:
            if fact.cache_of is not None and fact.assistant is not None:
                again.append(fact)
            continue
        answered = any(each.cited for each in fact.consulted)
        for each in fact.consulted:
            of: dict[str, object] = {"id": fact.id, "collection": each.collection, "at": fact.at_ms}
            asked.append({**of, "found": each.found, "cited": sum(each.cited.values()), "answered": answered})
            cites += [{**of, "document_id": document, "passages": count} for document, count in each.cited.items()]
    if asked:
        _add(connection, consulted, asked)
    if cites:
        _add(connection, cited, cites)
    for fact in again:
        _repeat(connection, fact)


async def by_day(connection: AsyncConnection, collection: str, *, from_ms: int, to_ms: int) -> Sequence[ConsultedDay]:
    """The days on which questions were asked, in order."""
    day = (consulted.c.at // _DAY_MS).label("day")
    unanswered = func.sum(case((consulted.c.answered, 0), else_=1))
    rows = await connection.execute(
        select(day, func.count(), func.sum(consulted.c.found), func.sum(consulted.c.cited), unanswered)
        .where(*_within(consulted, collection, from_ms, to_ms))
        .group_by(day)
        .order_by(day)
    )
    return [
        ConsultedDay(number * _DAY_MS, asked, int(found), int(cites), int(none)) for number, asked, found, cites, none in rows
    ]


async def top_documents(
    connection: AsyncConnection, collection: str, *, from_ms: int, to_ms: int, limit: int
) -> Sequence[CitedDocument]:
    """Those that most answers cite."""
    answers = func.count().label("answers")
    rows = await connection.execute(
        select(cited.c.document_id, answers, func.sum(cited.c.passages))
        .where(*_within(cited, collection, from_ms, to_ms))
        .group_by(cited.c.document_id)
        .order_by(answers.desc(), cited.c.document_id)
        .limit(limit)
    )
    return [CitedDocument(document, count, int(passages)) for document, count, passages in rows]


def _within(table: Table, collection: str, from_ms: int, to_ms: int) -> list[ColumnElement[bool]]:
    return [table.c.collection == collection, table.c.at >= from_ms, table.c.at < to_ms]


def _add(connection: Connection, table: Table, rows: Sequence[dict[str, object]]) -> None:
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(make(table).on_conflict_do_nothing(), rows)


def _repeat(connection: Connection, fact: UsageFact) -> None:
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    for table in (consulted, cited):
        new: dict[str, Any] = {"id": fact.id, "at": fact.at_ms}  # Any: values of two columns
        names = [column.name for column in table.columns]
        same = select(*(literal(new[n], table.c[n].type) if n in new else table.c[n] for n in names))
        rows = same.where(table.c.id == fact.cache_of)
        connection.execute(make(table).from_select(names, rows).on_conflict_do_nothing())
