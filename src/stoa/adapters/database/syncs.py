"""Syncs of sources in the database, and all that one keeps, over one connection."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.documents import DocumentTable
from stoa.adapters.database.engine import Database
from stoa.adapters.database.jobs import JobTable
from stoa.adapters.database.source_entries import EntryTable
from stoa.adapters.database.tables import jobs, resources, syncs
from stoa.domain.resources import Collection, Resource, Source
from stoa.domain.syncs import Applied, Sync


class SyncTable:
    """SyncStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, sync: Sync) -> bool:
        insert = sqlite.insert if self._connection.dialect.name == "sqlite" else postgresql.insert
        adding = insert(syncs).values(**msgspec.structs.asdict(sync)).on_conflict_do_nothing()
        return (await self._connection.execute(adding)).rowcount == 1

    async def get(self, sync_id: str, *, lock: bool = False) -> Sync | None:
        query = select(syncs).where(syncs.c.id == sync_id)  # SQLite has one writer, and no locks of rows
        row = (await self._connection.execute(query.with_for_update() if lock else query)).mappings().first()
        return _sync(row) if row is not None else None

    async def change(self, sync_id: str, **values: Any) -> None:  # Any: values of many columns
        await self._connection.execute(update(syncs).where(syncs.c.id == sync_id).values(**values))

    async def count(self, sync_id: str, **more: int) -> None:
        grown = {name: syncs.c[name] + number for name, number in more.items()}
        await self._connection.execute(update(syncs).where(syncs.c.id == sync_id).values(**grown))

    async def latest(self, source: str | None = None) -> Mapping[str, Sync]:
        newest = select(func.max(syncs.c.id)).group_by(syncs.c.source)
        if source is not None:
            newest = newest.where(syncs.c.source == source)
        rows = await self._connection.execute(select(syncs).where(syncs.c.id.in_(newest)))
        return {row["source"]: _sync(row) for row in rows.mappings()}

    async def page(self, source: str, *, before: str | None = None, limit: int = 50) -> Sequence[Sync]:
        query = select(syncs).where(syncs.c.source == source).order_by(syncs.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(syncs.c.id < before)
        return [_sync(row) for row in (await self._connection.execute(query)).mappings()]

    async def drop(self, sync_ids: Sequence[str]) -> None:
        await self._connection.execute(delete(syncs).where(syncs.c.id.in_(sync_ids)))
        await self._connection.execute(delete(jobs).where(jobs.c.id.in_(sync_ids)))


class SyncTables:
    """SyncStores over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.documents = DocumentTable(connection)
        self.jobs = JobTable(connection)
        self.entries = EntryTable(connection)
        self.syncs = SyncTable(connection)


_SOURCES = select(resources.c.spec, resources.c.updated_at).where(resources.c.kind.in_(("Source", "Collection")))


class SourceRecords:
    """AppliedSources over the database: each call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Mapping[str, Applied]:
        rows = await self._database.look(lambda connection: connection.execute(_SOURCES).all())
        found = [(msgspec.convert(spec, Resource), at) for spec, at in rows]
        collections = {each.name: each for each, _ in found if isinstance(each, Collection)}
        return {
            each.name: Applied(each, collections[each.collection], at)
            for each, at in found
            if isinstance(each, Source) and each.collection in collections
        }


def _sync(row: RowMapping) -> Sync:
    return Sync(**row)
