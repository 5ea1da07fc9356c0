"""The revision: the number that snapshots are versioned by."""

import time
from collections.abc import Mapping

from sqlalchemy import BigInteger, Connection, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.served import served
from stoa.adapters.database.tables import corpus, revision
from stoa.domain.indexes import Served

# At least the time in milliseconds, so that it grows even past what was handed out before a backup was restored.
_ADVANCE = text(
    "INSERT INTO revision (id, value) VALUES (1, :now_ms) ON CONFLICT (id) DO UPDATE "
    "SET value = CASE WHEN revision.value >= excluded.value THEN revision.value + 1 ELSE excluded.value END RETURNING value"
).bindparams(bindparam("now_ms", type_=BigInteger))
_CURRENT = select(revision.c.value)


def current(connection: Connection) -> int:
    """The revision of desired state; 0 before anything was said."""
    return connection.execute(_CURRENT).scalar_one_or_none() or 0


async def advance(connection: AsyncConnection, *, now_ms: int | None = None) -> int:
    """Call this first in a transaction that changes what a snapshot carries: users, teams, keys, resources, corpus versions.

    It locks the one row, so such transactions happen one after the other and cannot deadlock.
    """
    now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    return int((await connection.execute(_ADVANCE, {"now_ms": now_ms})).scalar_one())


class RevisionTable:
    """RevisionStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def advance(self, *, now_ms: int) -> int:
        return await advance(self._connection, now_ms=now_ms)

    async def current(self) -> int:
        return await self._connection.run_sync(current)

    async def corpus(self) -> Mapping[str, int]:
        rows = await self._connection.execute(select(corpus.c.collection, corpus.c.version))
        return {row.collection: row.version for row in rows}

    async def indexes(self) -> Mapping[str, Served]:
        return await served(self._connection)

    async def personal(self) -> frozenset[str]:
        return frozenset(await self._connection.scalars(select(corpus.c.collection).where(corpus.c.personal)))
