"""Batches in the database: over one connection for those who ask, a transaction a call for the worker."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.cover import covered
from stoa.adapters.database.engine import Database
from stoa.adapters.database.files import FileTable
from stoa.adapters.database.jobs import JobTable
from stoa.adapters.database.keys import KeyTable
from stoa.adapters.database.tables import batches
from stoa.adapters.database.teams import GroupTable
from stoa.adapters.database.users import UserTable
from stoa.domain.batches import ENDED, Batch, Fault, Progress, Status, job_of
from stoa.domain.files import StoredFile
from stoa.domain.identity import AccessTag
from stoa.domain.jobs import Job
from stoa.domain.nesting import nesting_of

_OPEN = batches.c.status.not_in(ENDED)
_MOMENTS: Mapping[Status, str] = {
    "in_progress": "in_progress_at", "finalizing": "finalizing_at", "completed": "completed_at", "failed": "failed_at",
    "expired": "expired_at", "cancelling": "cancelling_at", "cancelled": "cancelled_at",
}  # fmt: skip


class BatchTable:
    """BatchStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, batch: Batch) -> None:
        fields = msgspec.structs.asdict(batch) | {"acl": sorted(batch.acl), "errors": msgspec.to_builtins(batch.errors)}
        await self._connection.execute(insert(batches).values(**fields))

    async def get(self, batch_id: str) -> Batch | None:
        row = (await self._connection.execute(select(batches).where(batches.c.id == batch_id))).mappings().first()
        return _batch(row) if row is not None else None

    async def page(self, *, team: str, acl: frozenset[AccessTag], after: str | None, limit: int) -> Sequence[Batch]:
        at, name = batches.c.created_at, batches.c.id
        query = select(batches).where(batches.c.team == team, covered(self._connection, batches.c.acl, acl))
        if after is not None and (last := await self.get(after)) is not None:
            query = query.where(or_(at < last.created_at, and_(at == last.created_at, name < last.id)))
        rows = await self._connection.execute(query.order_by(at.desc(), name.desc()).limit(limit))
        return [_batch(row) for row in rows.mappings()]

    async def advance(self, batch_id: str, status: Status, *, now_ms: int) -> bool:
        going_on = status in ("in_progress", "finalizing")
        allowed = and_(_OPEN, batches.c.status != "cancelling") if going_on else _OPEN
        return await self.change(batch_id, allowed, status=status, **{_MOMENTS[status]: now_ms})

    async def change(self, batch_id: str, condition: Any, **values: Any) -> bool:  # Any: a SQL condition, many columns
        found = await self._connection.execute(update(batches).where(batches.c.id == batch_id, condition).values(**values))
        return found.rowcount == 1


class BatchRecords:
    """BatchLedger over the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, batch_id: str) -> Batch | None:
        async with self._database.read() as connection:
            return await BatchTable(connection).get(batch_id)

    async def job(self, batch_id: str) -> Job | None:
        async with self._database.read() as connection:
            return await JobTable(connection).get(job_of(batch_id))

    async def start(self, batch_id: str) -> bool:
        async with self._database.write() as connection:
            return await JobTable(connection).start(job_of(batch_id), now_ms=time.time_ns() // 1_000_000)

    async def begin(self, batch_id: str, *, total: int, now_ms: int) -> None:
        async with self._database.write() as connection:
            table = BatchTable(connection)
            await table.change(batch_id, _OPEN, total=total)
            await table.advance(batch_id, "in_progress", now_ms=now_ms)
            await JobTable(connection).reach(job_of(batch_id), total=total)

    async def blame(self, batch_id: str, faults: Sequence[Fault]) -> None:
        async with self._database.write() as connection:
            await BatchTable(connection).change(batch_id, _OPEN, errors=msgspec.to_builtins(list(faults)))

    async def finalize(self, batch_id: str, *, now_ms: int) -> None:
        async with self._database.write() as connection:
            await BatchTable(connection).advance(batch_id, "finalizing", now_ms=now_ms)

    async def record(self, batch_id: str, progress: Progress) -> None:
        counters = msgspec.structs.asdict(progress)
        message = counters.pop("message")
        async with self._database.write() as connection:
            await BatchTable(connection).change(batch_id, _OPEN, **counters)
            await JobTable(connection).reach(job_of(batch_id), done=progress.completed, failed=progress.failed, message=message)

    async def owner_acl(self, batch: Batch, *, now_ms: int) -> frozenset[AccessTag] | None:
        async with self._database.read() as connection:
            users, nesting = UserTable(connection), nesting_of(await GroupTable(connection).nested())
            if batch.key_id is not None:
                key = await KeyTable(connection).find(batch.key_id)
                if key is None or key.id != batch.key_id or not key.usable(now_ms):
                    return None
                return key.tags(nesting, await users.get(key.created_by))
            user = await users.get(batch.user_id or "")
            return user.tags(nesting) if user is not None and user.disabled_at_ms is None else None

    async def close(
        self,
        batch_id: str,
        status: Status,
        *,
        files: Mapping[str, StoredFile],
        failed: int,
        message: str | None,
        now_ms: int,
    ) -> None:
        async with self._database.write() as connection:
            ids = {field: file.id for field, file in files.items()}
            closed = await BatchTable(connection).change(
                batch_id, _OPEN, status=status, failed=failed, **ids, **{_MOMENTS[status]: now_ms}
            )
            if not closed:
                return
            for file in files.values():
                await FileTable(connection).add(file)
            jobs = JobTable(connection)
            await jobs.reach(job_of(batch_id), failed=failed, message=message)
            if status == "cancelled":
                await jobs.cancel(job_of(batch_id))
            await jobs.end(job_of(batch_id), now_ms=now_ms, error=message if status in ("failed", "expired") else None)


def _batch(row: RowMapping) -> Batch:
    fields = dict(row)
    fields["acl"] = frozenset(fields["acl"])
    fields["errors"] = tuple(msgspec.convert(fields["errors"], list[Fault]))
    return Batch(**fields)
