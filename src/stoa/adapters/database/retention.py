"""Taking out what is older than it is to be kept: a slice at a time, so that nobody waits long for the writer."""

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import (
    cited,
    consulted,
    contents,
    dataset_items,
    document_versions,
    documents,
    indexes,
    jobs,
    resource_versions,
    syncs,
    traces,
    usage,
)
from stoa.domain.retention import Kept
from stoa.kit.ids import least_id


class RetentionTable:
    """RetentionStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def remove(self, what: Kept, *, before_ms: int, most: int) -> int:
        match what:
            case "usage":
                of, old = usage, select(usage.c.id).where(usage.c.at < before_ms).order_by(usage.c.at)
            case "traces":
                of, old = traces, select(traces.c.id).where(traces.c.id < least_id(before_ms)).order_by(traces.c.id)
            case "contents":
                old = select(contents.c.id).where(contents.c.expires_at < before_ms).order_by(contents.c.expires_at)
                of = contents
            case "syncs":
                of, old = syncs, _old_syncs(before_ms)
            case "jobs":
                of, old = jobs, _old_jobs(before_ms)
            case "examples":
                return await self._blank(before_ms, most)
            case "versions":
                return await self._replaced(before_ms, most)
        if what == "usage":  # what they were made from goes with them
            for table in (consulted, cited):
                await self._connection.execute(delete(table).where(table.c.id.in_(old.limit(most))))
        removed = await self._connection.execute(delete(of).where(of.c.id.in_(old.limit(most))))
        return removed.rowcount

    async def _blank(self, before_ms: int, most: int) -> int:
        """An example stays in its dataset, so that a version can be told to have had it; what it said goes."""
        c = dataset_items.c
        name = tuple_(c.dataset_id, c.id, c.since)
        old = select(c.dataset_id, c.id, c.since).where(c.expires_at < before_ms, c.sealed.is_not(None))
        gone = update(dataset_items).where(name.in_(old.order_by(c.expires_at).limit(most))).values(sealed=None)
        return (await self._connection.execute(gone)).rowcount

    async def _replaced(self, before_ms: int, most: int) -> int:
        """Of a resource that was deleted before then nothing is left, not even that it was deleted."""
        c, later = resource_versions.c, resource_versions.alias("later").c
        name = tuple_(c.kind, c.name, c.version)
        by_then = exists().where(later.kind == c.kind, later.name == c.name, later.version > c.version, later.at < before_ms)
        over = or_(by_then, and_(c.change == "deleted", c.at < before_ms))
        old = select(c.kind, c.name, c.version).where(c.at < before_ms, over).order_by(c.at).limit(most)
        return (await self._connection.execute(delete(resource_versions).where(name.in_(old)))).rowcount


def _old_syncs(before_ms: int) -> Select[tuple[str]]:
    """All but the last of each source: by that it is known when to look again."""
    last = select(func.max(syncs.c.id)).group_by(syncs.c.source)
    return select(syncs.c.id).where(syncs.c.ended_at < before_ms, syncs.c.id.not_in(last)).order_by(syncs.c.id)


def _old_jobs(before_ms: int) -> Select[tuple[str]]:
    """Those that ended, or were never completed, and that nothing names any more."""
    abandoned = and_(jobs.c.state == "waiting", jobs.c.created_at < before_ms)
    made = select(document_versions.c.job_id).distinct().subquery()  # joined, for it has no index by job
    return (
        select(jobs.c.id)
        .outerjoin(made, made.c.job_id == jobs.c.id)
        .where(or_(jobs.c.ended_at < before_ms, abandoned), made.c.job_id.is_(None), *_unnamed())
        .order_by(jobs.c.id)
    )


def _unnamed() -> list[ColumnElement[bool]]:
    by = (
        documents.c.job_id == jobs.c.id,
        syncs.c.id == jobs.c.id,
        syncs.c.open_job == jobs.c.id,
        and_(indexes.c.job_id == jobs.c.id, indexes.c.state != "dropped"),
    )
    return [~exists(select(1).where(each)) for each in by]
