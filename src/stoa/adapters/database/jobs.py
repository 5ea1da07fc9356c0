"""Jobs in the database, over one connection."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import jobs
from stoa.domain.jobs import Embedded, Job
from stoa.domain.passages import Spent

_COLUMNS = [column for column in jobs.columns if column.name != "plan"]
_OPEN = jobs.c.state.in_(("waiting", "queued", "running"))
_UNFINISHED = (
    select(*_COLUMNS)
    .where(or_(jobs.c.state.in_(("queued", "running")), and_(jobs.c.state == "cancelled", jobs.c.ended_at.is_(None))))
    .order_by(jobs.c.id)
)
"""Asked for several times a second: it is built once."""


def unfinished(connection: Connection) -> list[Job]:
    """Queued, running, and cancelled without having been ended; oldest first."""
    return [_job(row) for row in connection.execute(_UNFINISHED).mappings()]


class JobTable:
    """The jobs, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, job: Job, *, plan: Mapping[str, Any] | None = None) -> None:
        """Any: a plan is what the job's kind makes of it."""
        await self._connection.execute(insert(jobs).values(**msgspec.structs.asdict(job), plan=plan))

    async def get(self, job_id: str) -> Job | None:
        row = (await self._connection.execute(select(*_COLUMNS).where(jobs.c.id == job_id))).mappings().first()
        return _job(row) if row is not None else None

    async def plan(self, job_id: str) -> Mapping[str, Any]:
        """What `add` was given."""
        return await self._connection.scalar(select(jobs.c.plan).where(jobs.c.id == job_id)) or {}

    async def page(
        self,
        *,
        collections: Sequence[str] | None = None,
        teams: Sequence[str] = (),
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[Job]:
        """The newest first; `collections` and `teams` are those whose jobs are wanted, None for all."""
        query = select(*_COLUMNS).where(jobs.c.state != "waiting").order_by(jobs.c.id.desc()).limit(limit)
        if collections is not None:
            query = query.where(or_(jobs.c.collection.in_(collections), jobs.c.team.in_(teams)))
        if before is not None:
            query = query.where(jobs.c.id < before)
        return [_job(row) for row in (await self._connection.execute(query)).mappings()]

    async def embedded(self, collection: str) -> Embedded:
        """By all its jobs that counted tokens."""
        counted = (jobs.c.collection == collection, jobs.c.tokens > 0, jobs.c.chunks > 0)
        query = select(func.coalesce(func.sum(jobs.c.chunks), 0), func.coalesce(func.sum(jobs.c.tokens), 0)).where(*counted)
        chunks, tokens = (await self._connection.execute(query)).one()
        return Embedded(int(chunks), int(tokens))

    async def unfinished(self) -> Sequence[Job]:
        """Queued, running, and cancelled without having been ended; oldest first."""
        return await self._connection.run_sync(unfinished)

    async def queue(self, job_id: str, *, total: int) -> bool:
        """Complete a waiting job. False when it is not waiting."""
        return await self._change(job_id, jobs.c.state == "waiting", state="queued", total=total)

    async def start(self, job_id: str, *, now_ms: int) -> bool:
        """Mark as running, again if need be. False when it was cancelled or has ended."""
        await self._change(job_id, jobs.c.started_at.is_(None), started_at=now_ms)
        return await self._change(job_id, jobs.c.state.in_(("queued", "running")), state="running")

    async def cancel(self, job_id: str) -> bool:
        """Mark as cancelled; whoever works on it stops and ends it. False when it has ended."""
        return await self._change(job_id, _OPEN, state="cancelled")

    async def end(self, job_id: str, *, now_ms: int, error: str | None, note: str | None = None) -> None:
        state = "failed" if error else "succeeded"
        await self._change(job_id, _OPEN, state=state, message=error or note, ended_at=now_ms)
        await self._change(job_id, jobs.c.ended_at.is_(None), ended_at=now_ms)

    async def cancel_queued(self, job_id: str, *, now_ms: int) -> bool:
        """Cancel and end one that nobody has begun. False when somebody has."""
        return await self._change(job_id, jobs.c.state == "queued", state="cancelled", ended_at=now_ms)

    async def reach(self, job_id: str, **counters: int | str | None) -> None:
        """Set counters (`total`, `done`, `failed`) and `message` of one that is not ended."""
        await self._change(job_id, jobs.c.ended_at.is_(None), **counters)

    async def say(self, job_id: str, message: str | None) -> None:
        await self._change(job_id, _OPEN, message=message)

    async def count(self, job_id: str, *, remaining: int, failed: int, pages: int, chunks: int, spent: Spent) -> None:
        """Bring the counters up to what remains of the total; pages, chunks and what was spent are added."""
        await self._change(
            job_id, jobs.c.id == job_id, done=jobs.c.total - remaining - failed, failed=failed,
            pages=jobs.c.pages + pages, chunks=jobs.c.chunks + chunks, tokens=jobs.c.tokens + spent.tokens,
            cost=None if spent.cost is None else jobs.c.cost + spent.cost,
        )  # fmt: skip

    async def add_up(self, job_id: str, *, done: int, failed: int, pages: int, chunks: int, spent: Spent) -> None:
        """Add to the counters of one whose parts count what they did themselves."""
        await self._change(
            job_id, jobs.c.id == job_id, done=jobs.c.done + done, failed=jobs.c.failed + failed, pages=jobs.c.pages + pages,
            chunks=jobs.c.chunks + chunks, tokens=jobs.c.tokens + spent.tokens,
            cost=None if spent.cost is None else jobs.c.cost + spent.cost,
        )  # fmt: skip

    async def _change(self, job_id: str, condition: Any, **values: Any) -> bool:  # Any: a SQL condition, values of many columns
        result = await self._connection.execute(update(jobs).where(jobs.c.id == job_id, condition).values(**values))
        return result.rowcount == 1


def _job(row: RowMapping) -> Job:
    return Job(**row)
