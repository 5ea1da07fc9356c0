"""Usage facts on their way into the database, and what is spent then.

Facts are inserted, each once by its id. `spend` is no fact but an index over them: the known costs of a team's month, added
up in the transaction that inserts the facts, from exactly the rows that were new. So it can neither miss a fact nor count
one twice, whichever replica of control takes a batch and however often, and reading it costs the same however many facts
there are. Replicas take rows in one order, facts by id, then spend by month and team, then `spent` (see `sums`), so they wait
but never deadlock.
"""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import dialect as postgresql

from stoa.adapters.database import consultations, sums
from stoa.adapters.database.engine import Database
from stoa.adapters.database.tables import spend, teams, usage
from stoa.domain.ledger import Spent, month_of
from stoa.domain.usage import Told, UsageFact

_TEAMS = select(teams.c.name)
_SPEND = select(spend.c.team, spend.c.nano_usd)
_AT_ONCE = 32  # rows of one statement to SQLite: about half a millisecond
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


class FactRecords:
    """UsageRecorder over the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, facts: Sequence[UsageFact], *, now_ms: int) -> Spent:
        return await self._database.transact(partial(record, facts=facts, now_ms=now_ms))

    async def spent(self, *, now_ms: int) -> Sequence[Told]:
        return await self._database.transact(partial(_spent, now_ms=now_ms))


def record(connection: Connection, *, facts: Sequence[UsageFact], now_ms: int) -> Spent:
    """What UsageRecorder promises, in one transaction."""
    sums.follow(connection, now_ms)
    if facts:
        insert(connection, facts)
    else:
        sums.forget(connection, now_ms)
    return Spent(sums.present(connection, now_ms), spend_of(connection, month_of(now_ms)))


def _spent(connection: Connection, *, now_ms: int) -> Sequence[Told]:
    sums.follow(connection, now_ms)
    return sums.present(connection, now_ms)


def insert(connection: Connection, facts: Sequence[UsageFact]) -> None:
    """Add the facts that are not there yet, by id, and their cost to the spend of their team and month."""
    whole = [msgspec.structs.astuple(fact) for fact in sorted(facts, key=attrgetter("id"))]
    rows = [row[:_DECISION] for row in whole]
    records = [(row[0], row[_DECISION]) for row in whole if row[_DECISION] is not None]
    following = sums.followed_for(connection, facts)
    if connection.dialect.name == "sqlite":
        fresh = _in_pieces(connection, _INSERT_SQLITE, rows)
        connection.exec_driver_sql(_SPEND_SQLITE, (fresh,))
        new = connection.exec_driver_sql(_NEW_SQLITE, (fresh,)).all() if following and fresh else ()
        _in_pieces(connection, _TRACE_SQLITE, records)
    else:
        columns = tuple(_without_nul(column) for column in zip(*rows, strict=True))
        new = connection.exec_driver_sql(_INSERT_POSTGRESQL, columns).all()
        if records:
            connection.exec_driver_sql(_TRACE_POSTGRESQL, tuple(map(list, zip(*records, strict=True))))
    consultations.insert(connection, facts)
    if following:
        ids = {row[0] for row in new}
        new_facts = {fact.id: fact for fact in facts if fact.id in ids}
        sums.add(connection, following, list(new_facts.values()))


def spend_of(connection: Connection, month: str) -> Mapping[str, int]:
    """Nano-dollars by team in a month such as `2026-11`; every team that exists is named."""
    found: dict[str, int] = dict.fromkeys(connection.scalars(_TEAMS).all(), 0)
    found.update((row.team, row.nano_usd) for row in connection.execute(_SPEND.where(spend.c.month == month)))
    return found


def _in_pieces(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> int:  # Any: values of columns
    """Run it for each row; whoever else waits for the core goes in between. Returns how many rows were new."""
    fresh = 0
    for start in range(0, len(rows), _AT_ONCE):
        fresh += connection.exec_driver_sql(statement, list(rows[start : start + _AT_ONCE])).rowcount
        os.sched_yield()
    return fresh


def _without_nul(column: Sequence[Any]) -> list[Any]:  # Any: the values of one column
    """PostgreSQL keeps no NUL in a text, and a client may have sent one: it must not hold up the batch it came in."""
    if any(type(value) is str and "\0" in value for value in column):
        return [value.replace("\0", "") if isinstance(value, str) else value for value in column]
    return list(column)
