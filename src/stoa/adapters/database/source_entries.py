"""What lies in sources, over one connection."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import RowMapping, and_, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.documents import document_of
from stoa.adapters.database.tables import documents, source_entries
from stoa.domain.documents import Document
from stoa.domain.identity import Rights
from stoa.domain.sources import Entry
from stoa.domain.syncs import PREFIX, Brought, Listed, Sync, document_source

_T = TypeVar("_T")

_BATCH = 400
"""Rows or values in one statement, well below every database's limit of parameters."""
_ROWS = 100

_ENTRY = source_entries.c


class EntryTable:
    """EntryStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def note(self, source: str, entries: Sequence[Entry], *, sync_id: str, now_ms: int) -> None:
        insert = sqlite.insert if self._connection.dialect.name == "sqlite" else postgresql.insert
        once = list({entry.path: entry for entry in entries}.values())
        for some in _batches(once, _ROWS):
            rows = [
                {
                    "source": source, "path": entry.path, "seen_in": sync_id, "seen_at": now_ms, "part": None,
                    "listed_version": entry.version, "listed_bytes": entry.bytes, "rights": _written(entry.rights),
                }
                for entry in some
            ]  # fmt: skip
            statement = insert(source_entries).values(rows)
            values = {name: statement.excluded[name] for name in rows[0] if name not in ("source", "path")}
            await self._connection.execute(statement.on_conflict_do_update(index_elements=["source", "path"], set_=values))

    async def listed(self, sync: Sync, *, after: str | None = None, part: int | None = None, limit: int) -> Sequence[Listed]:
        same = and_(
            documents.c.collection == sync.collection, documents.c.source == document_source(sync.source),
            documents.c.path == _ENTRY.path, documents.c.state != "removed",
        )  # fmt: skip
        query = (
            select(*(column.label(f"entry_{column.name}") for column in _ENTRY), *documents.c)
            .select_from(source_entries.outerjoin(documents, same))
            .where(_ENTRY.source == sync.source, _ENTRY.seen_in == sync.id)
            .order_by(_ENTRY.path)
            .limit(limit)
        )
        if part is not None:
            query = query.where(_ENTRY.part == part)
        if after is not None:
            query = query.where(_ENTRY.path > after)
        return [_listed(row) for row in (await self._connection.execute(query)).mappings()]

    async def assign(self, source: str, paths: Sequence[str], *, part: int) -> None:
        for some in _batches(paths, _BATCH):
            await self._connection.execute(
                update(source_entries).where(_ENTRY.source == source, _ENTRY.path.in_(some)).values(part=part)
            )

    async def bring(self, source: str, brought: Sequence[Brought], *, origin: str) -> None:
        for each in brought:
            await self._connection.execute(
                update(source_entries)
                .where(_ENTRY.source == source, _ENTRY.path == each.path)
                .values(origin=origin, version=each.version, digest=each.digest, bytes=each.bytes, error=each.error, part=None)
            )

    async def gone(self, sync: Sync, *, limit: int) -> Sequence[Document]:
        query = select(documents).where(*self._gone(sync)).order_by(documents.c.path).limit(limit)
        return [document_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def sizes(self, sync: Sync) -> tuple[int, int]:
        every = select(func.count()).select_from(documents).where(*_of_source(sync))
        gone = select(func.count()).select_from(documents).where(*self._gone(sync))
        return await self._connection.scalar(every) or 0, await self._connection.scalar(gone) or 0

    async def counts(self, source: str | None = None) -> Mapping[str, tuple[int, int]]:
        failed = func.sum(case((documents.c.state == "failed", 1), else_=0))
        query = select(documents.c.source, func.count(), failed).where(documents.c.state != "removed")
        query = query.where(
            documents.c.source.startswith(PREFIX, autoescape=True)
            if source is None
            else documents.c.source == document_source(source)
        )
        rows = await self._connection.execute(query.group_by(documents.c.source))
        return {name.removeprefix(PREFIX): (count, int(bad or 0)) for name, count, bad in rows}

    async def forget(self, sync: Sync) -> None:
        await self._connection.execute(delete(source_entries).where(_ENTRY.source == sync.source, _ENTRY.seen_in != sync.id))

    def _gone(self, sync: Sync) -> tuple[Any, ...]:  # Any: conditions
        there = select(1).where(_ENTRY.source == sync.source, _ENTRY.path == documents.c.path, _ENTRY.seen_in == sync.id)
        return (*_of_source(sync), ~there.exists())


def _of_source(sync: Sync) -> tuple[Any, ...]:  # Any: conditions
    return (
        documents.c.collection == sync.collection,
        documents.c.source == document_source(sync.source),
        documents.c.state != "removed",
    )


def _listed(row: RowMapping) -> Listed:
    entry = Entry(
        path=row["entry_path"], version=row["entry_listed_version"], bytes=row["entry_listed_bytes"],
        rights=_read(row["entry_rights"]),
    )  # fmt: skip
    found = {column.name: row[column] for column in documents.c} if row[documents.c.id] is not None else None
    return Listed(
        entry=entry, seen_at=row["entry_seen_at"], origin=row["entry_origin"], version=row["entry_version"],
        digest=row["entry_digest"], bytes=row["entry_bytes"], error=row["entry_error"],
        document=document_of(found) if found is not None else None,
    )  # fmt: skip


def _written(rights: Rights | None) -> dict[str, list[str]] | None:
    return None if rights is None else {"allow": sorted(rights.allow), "deny": sorted(rights.deny)}


def _read(written: dict[str, list[str]] | None) -> Rights | None:
    return None if written is None else Rights(frozenset(written["allow"]), frozenset(written["deny"]))


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    return (items[n : n + size] for n in range(0, len(items), size))
