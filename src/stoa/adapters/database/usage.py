"""Usage facts and spend in the database.

Facts are inserted, each once by its id. `spend` is no fact but an index over them: the known costs of a team's month, added
up in the transaction that inserts the facts, from exactly the rows that were new. So it can neither miss a fact nor count
one twice, whichever replica of control takes a batch and however often, and reading it costs the same however many facts
there are. Replicas take rows in one order, facts by id, then spend by month and team, then `spent` (see `sums`), so they wait
but never deadlock.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import BigInteger, RowMapping, Table, case, cast, func, or_, select
from sqlalchemy.dialects.postgresql import dialect as postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from stoa.adapters.database import consultations, sums
from stoa.adapters.database.latencies import latencies
from stoa.adapters.database.tables import keys, spend, teams, usage, users
from stoa.domain.ledger import LatencyBucket, LatencyGroup, UsageBucket, UsageGroup, UsageQuery
from stoa.domain.usage import Told, UsageFact

_DAY_MS = 86_400_000
_AT_ONCE = 128  # rows of one statement to SQLite: about a millisecond
_COLUMNS = ", ".join(column.name for column in usage.columns)

_DECISION = UsageFact.__struct_fields__.index("decision")  # it, and what was consulted, lie in tables of their own
# The table's columns are the fields in front of it, in their order.
assert len(usage.columns) == _DECISION == len(UsageFact.__struct_fields__) - 2

_INSERT_SQLITE = f"INSERT INTO usage ({_COLUMNS}) VALUES ({', '.join('?' * len(usage.columns))}) ON CONFLICT (id) DO NOTHING"  # noqa: S608 - the table's own column names

_TRACE_SQLITE = "INSERT INTO traces (id, record) VALUES (?, ?) ON CONFLICT (id) DO NOTHING"
_TRACE_POSTGRESQL = """
INSERT INTO traces (id, record) SELECT * FROM unnest($1::VARCHAR(40)[], $2::BYTEA[]) ON CONFLICT (id) DO NOTHING
"""

# A transaction that writes to SQLite is alone, and new rows get the highest row ids: the last ones are the ones just inserted.
_SPEND_SQLITE = """
INSERT INTO spend (month, team, nano_usd)
SELECT strftime('%Y-%m', at / 1000, 'unixepoch'), team, sum(cost_nano_usd) FROM usage
WHERE rowid > (SELECT max(rowid) FROM usage) - ? AND cost_nano_usd > 0 GROUP BY 1, 2
ON CONFLICT (month, team) DO UPDATE SET nano_usd = spend.nano_usd + excluded.nano_usd
"""

_NEW_SQLITE = "SELECT id FROM usage WHERE rowid > (SELECT max(rowid) FROM usage) - ?"

# One statement and one array a column: a quarter of the time of a row at a time.
_ARRAYS = ", ".join(f"${n}::{column.type.compile(postgresql())}[]" for n, column in enumerate(usage.columns, 1))
_INSERT_POSTGRESQL = f"""
WITH fresh AS (
  INSERT INTO usage ({_COLUMNS}) SELECT * FROM unnest({_ARRAYS}) ON CONFLICT (id) DO NOTHING
  RETURNING id, at, team, cost_nano_usd
), added AS (
  INSERT INTO spend (month, team, nano_usd)
  SELECT to_char(to_timestamp(at / 1000) AT TIME ZONE 'UTC', 'YYYY-MM') AS month, team, sum(cost_nano_usd) FROM fresh
  WHERE cost_nano_usd > 0 GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (month, team) DO UPDATE SET nano_usd = spend.nano_usd + excluded.nano_usd
)
SELECT id FROM fresh
"""  # noqa: S608 - the table's own column names


class UsageTable:
    """UsageStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, facts: Sequence[UsageFact]) -> None:
        whole = [msgspec.structs.astuple(fact) for fact in sorted(facts, key=attrgetter("id"))]
        rows = [row[:_DECISION] for row in whole]
        records = [(row[0], row[_DECISION]) for row in whole if row[_DECISION] is not None]
        following = await sums.followed_for(self._connection, facts)
        if self._connection.dialect.name == "sqlite":
            fresh = 0
            for start in range(0, len(rows), _AT_ONCE):  # in pieces, so that whoever shares the core can go in between
                inserted = await self._connection.exec_driver_sql(_INSERT_SQLITE, rows[start : start + _AT_ONCE])
                fresh += inserted.rowcount
            await self._connection.exec_driver_sql(_SPEND_SQLITE, (fresh,))
            new = await self._connection.exec_driver_sql(_NEW_SQLITE, (fresh,)) if following and fresh else ()
            for start in range(0, len(records), _AT_ONCE):
                await self._connection.exec_driver_sql(_TRACE_SQLITE, records[start : start + _AT_ONCE])
        else:
            columns = tuple(_without_nul(column) for column in zip(*rows, strict=True))
            new = await self._connection.exec_driver_sql(_INSERT_POSTGRESQL, columns)
            if records:
                await self._connection.exec_driver_sql(_TRACE_POSTGRESQL, tuple(map(list, zip(*records, strict=True))))
        await consultations.insert(self._connection, facts)
        if following:
            ids = {row[0] for row in new}
            new_facts = {fact.id: fact for fact in facts if fact.id in ids}
            await sums.add(self._connection, following, list(new_facts.values()))

    async def follow_budgets(self, now_ms: int) -> None:
        await sums.follow(self._connection, now_ms)

    async def spent(self, now_ms: int) -> Sequence[Told]:
        return await sums.present(self._connection, now_ms)

    async def forget_spent(self, now_ms: int) -> None:
        await sums.forget(self._connection, now_ms)

    async def spend(self, month: str) -> Mapping[str, int]:
        found: dict[str, int] = dict.fromkeys((await self._connection.scalars(select(teams.c.name))).all(), 0)
        spent = await self._connection.execute(select(spend.c.team, spend.c.nano_usd).where(spend.c.month == month))
        return found | {row.team: row.nano_usd for row in spent}

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


def _without_nul(column: Sequence[Any]) -> list[Any]:  # Any: the values of one column
    """PostgreSQL keeps no NUL in a text, and a client may have sent one: it must not hold up the batch it came in."""
    if any(type(value) is str and "\0" in value for value in column):
        return [value.replace("\0", "") if isinstance(value, str) else value for value in column]
    return list(column)


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
