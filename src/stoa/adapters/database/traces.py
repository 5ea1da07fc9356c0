"""Requests in the database: facts, and beside them their decision records."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Select, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from stoa.adapters.database.tables import keys, traces, usage
from stoa.adapters.database.usage import of_user
from stoa.domain.traces import Place, Trace, TraceQuery
from stoa.domain.usage import UsageFact

_CAUSED_WITHIN_MS = 600_000
"""What a request caused is settled so close to it."""
_MOST_CAUSED = 100
_CLIENTS_OWN = usage.c.request_id != usage.c.id
"""Of the requests whose id a client chose; there is an index over these alone."""


class TraceTable:
    """TraceStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def page(self, query: TraceQuery, *, after: Place | None, limit: int) -> Sequence[UsageFact]:
        found = select(usage).where(*_asked(query)).order_by(usage.c.at.desc(), usage.c.id.desc()).limit(limit)
        if after is not None:
            found = found.where(usage.c.at <= after.at_ms, tuple_(usage.c.at, usage.c.id) < (after.at_ms, after.id))
        return [_fact(row) for row in await self._connection.execute(found)]

    async def records(self, query: TraceQuery, *, after: Place | None, limit: int) -> Sequence[Trace]:
        found = _with_record().where(*_asked(query)).order_by(usage.c.at, usage.c.id).limit(limit)
        if after is not None:
            found = found.where(usage.c.at >= after.at_ms, tuple_(usage.c.at, usage.c.id) > (after.at_ms, after.id))
        return [_trace(row) for row in await self._connection.execute(found)]

    async def find(self, name: str, *, user_id: str | None, team: str | None = None) -> Trace | None:
        whole = _with_record().where(*of_user(user_id), *(() if team is None else (usage.c.team == team,)))
        row = (await self._connection.execute(whole.where(usage.c.id == name))).one_or_none()
        if row is None:
            named = whole.where(_CLIENTS_OWN, usage.c.request_id == name).order_by(usage.c.at.desc()).limit(1)
            row = (await self._connection.execute(named)).one_or_none()
        return None if row is None else _trace(row)._replace(caused=await self._caused(_trace(row).fact))

    async def _caused(self, fact: UsageFact) -> Sequence[UsageFact]:
        near = usage.c.at.between(fact.at_ms - _CAUSED_WITHIN_MS, fact.at_ms + _CAUSED_WITHIN_MS)
        found = select(usage).where(near, usage.c.parent_id == fact.id).order_by(usage.c.at, usage.c.id).limit(_MOST_CAUSED)
        return [_fact(row) for row in await self._connection.execute(found)]


def _with_record() -> Select[Any]:  # Any: the columns of two tables
    return select(usage, traces.c.record).select_from(usage.outerjoin(traces, traces.c.id == usage.c.id))


def _fact(row: Row[Any]) -> UsageFact:  # Any: the columns of a row
    return UsageFact(*row)


def _trace(row: Row[Any]) -> Trace:  # Any: the columns of a row
    *fact, record = row
    return Trace(msgspec.structs.replace(UsageFact(*fact), decision=record), record)


def _asked(query: TraceQuery) -> list[ColumnElement[bool]]:
    c = usage.c
    wanted = [c.at >= query.from_ms, c.at < query.to_ms, *of_user(query.user_id)]
    if not query.caused:
        wanted.append(c.parent_id.is_(None))
    match query.status:
        case "ok":
            wanted.append(and_(c.status < 400, c.error.is_(None)))
        case "error":
            wanted.append(and_(c.refused.is_(False), or_(c.status >= 400, c.error.is_not(None))))
        case "refused":
            wanted.append(c.refused.is_(True))
        case None:
            pass
    if query.model is not None:
        wanted.append(or_(c.requested == query.model, c.model == query.model))
    if query.key is not None:
        wanted.append(or_(c.key_id == query.key, c.key_id.in_(select(keys.c.id).where(keys.c.name == query.key))))
    if query.team is not None:
        wanted.append(c.team == query.team)
    if query.least_ms is not None:
        wanted.append(c.latency_ms >= query.least_ms)
    if query.text:
        begins = (c.id.startswith(query.text, autoescape=True), c.request_id.startswith(query.text, autoescape=True))
        holds = (each.icontains(query.text, autoescape=True) for each in (c.requested, c.model, c.provider, c.error))
        wanted.append(or_(*begins, *holds))
    return wanted
