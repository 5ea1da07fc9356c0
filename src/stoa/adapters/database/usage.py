"""Usage facts as they are asked for: one by its id, sums, and latencies. `facts` is where they come in."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, RowMapping, Table, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from stoa.adapters.database.latencies import latencies
from stoa.adapters.database.tables import keys, usage, users
from stoa.domain.ledger import LatencyBucket, LatencyGroup, UsageBucket, UsageGroup, UsageQuery
from stoa.domain.usage import UsageFact

_DAY_MS = 86_400_000


class UsageTable:
    """UsageStore, over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, fact_id: str, *, user_id: str | None) -> UsageFact | None:
        wanted = [usage.c.id == fact_id, *of_user(user_id)]
        row = (await self._connection.execute(select(usage).where(*wanted))).one_or_none()
        return UsageFact(*row) if row is not None else None

    async def buckets(self, query: UsageQuery, *, group_by: UsageGroup) -> Sequence[UsageBucket]:
        column = _BUCKETS[group_by]
        of_models = (usage.c.refused.is_(False),) if group_by in ("model", "assistant") else ()  # what was refused came to none
        grouped = select(column.label("bucket"), *_SUMS).where(*_within(query), *of_models).group_by(column)
        table = _NAMED.get(group_by)
        if table is not None:
            named = grouped.subquery()
            grouped = select(func.coalesce(table.c.name, named.c.bucket).label("bucket"), *(named.c[name] for name in _NAMES))
            grouped = grouped.select_from(named.outerjoin(table, table.c.id == named.c.bucket))
        rows = (await self._connection.execute(grouped)).mappings().all()
        if group_by == "day":
            days = sorted(rows, key=lambda row: row["bucket"])
            return [UsageBucket(bucket=_iso_day(row["bucket"]), **_sums(row)) for row in days]
        found = [UsageBucket(bucket=row["bucket"], **_sums(row)) for row in rows]
        return sorted(found, key=lambda each: (-each.cost_nano_usd, -each.requests, each.bucket is None, each.bucket or ""))

    async def latencies(self, query: UsageQuery, *, group_by: LatencyGroup) -> Sequence[LatencyBucket]:
        found = await latencies(self._connection, _within(query), group_by)
        return sorted(found, key=lambda each: (-each.requests, each.bucket is None, each.bucket or ""))


_BUCKETS: Mapping[UsageGroup, ColumnElement[Any]] = {  # Any: a number for days, text for the others
    "day": usage.c.at // _DAY_MS,
    "model": usage.c.model,
    "team": usage.c.team,
    "key": usage.c.key_id,
    "user": usage.c.user_id,
    "project": usage.c.project,
    "assistant": usage.c.assistant,
}
_NAMED: Mapping[UsageGroup, Table] = {"key": keys, "user": users}
"""Those whose ids have names."""


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _added(column: ColumnElement[Any]) -> ColumnElement[int]:
    return func.coalesce(cast(func.sum(column), BigInteger), 0)


_asked = usage.c.parent_id.is_(None) & usage.c.refused.is_(False)
_SUMS = (
    _count(_asked).label("requests"),
    _added(usage.c.prompt_tokens).label("prompt_tokens"),
    _added(usage.c.completion_tokens).label("completion_tokens"),
    _added(usage.c.cost_nano_usd).label("cost_nano_usd"),
    _count(usage.c.cost_nano_usd.is_(None)).label("unknown_cost_requests"),
    _count(_asked & (usage.c.cache == "hit")).label("cache_hits"),
    _added(usage.c.saved_nano_usd).label("saved_nano_usd"),
    _count(_asked & (usage.c.status >= 400)).label("errors"),
    _count(usage.c.refused).label("refused"),
)
_NAMES = tuple(column.name for column in _SUMS)


def _within(query: UsageQuery) -> list[ColumnElement[bool]]:
    return [usage.c.at >= query.from_ms, usage.c.at < query.to_ms, *of_user(query.user_id)]


def of_user(user_id: str | None) -> list[ColumnElement[bool]]:
    """Of a user and of the keys that user made; of everybody without one."""
    if user_id is None:
        return []
    own_keys = select(keys.c.id).where(keys.c.created_by == user_id)
    return [or_(usage.c.user_id == user_id, usage.c.key_id.in_(own_keys))]


def _sums(row: RowMapping) -> dict[str, int]:
    return {name: row[name] for name in _NAMES}


def _iso_day(days: int) -> str:
    return datetime.fromtimestamp(days * _DAY_MS / 1000, UTC).date().isoformat()
