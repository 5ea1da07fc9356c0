"""Files that applications keep here, over one connection."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.cover import covered
from stoa.adapters.database.tables import batches, files
from stoa.domain.batches import ENDED
from stoa.domain.files import Purpose, StoredFile
from stoa.domain.identity import AccessTag


class FileTable:
    """FileStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, file: StoredFile) -> None:
        await self._connection.execute(insert(files).values(**_row(file)))

    async def get(self, file_id: str) -> StoredFile | None:
        row = (await self._connection.execute(select(files).where(files.c.id == file_id))).mappings().first()
        return _file(row) if row is not None else None

    async def complete(self, file_id: str, *, size: int) -> bool:
        pending = (files.c.id == file_id, files.c.state == "pending")
        return (await self._connection.execute(update(files).where(*pending).values(state="ready", bytes=size))).rowcount == 1

    async def page(
        self,
        *,
        team: str,
        acl: frozenset[AccessTag],
        purpose: Purpose | None,
        descending: bool,
        after: str | None,
        limit: int,
        now_ms: int,
    ) -> Sequence[StoredFile]:
        place = (files.c.created_at, files.c.id)
        query = select(files).where(
            files.c.team == team,
            files.c.state == "ready",
            or_(files.c.expires_at.is_(None), files.c.expires_at > now_ms),
            covered(self._connection, files.c.acl, acl),
        )
        if purpose is not None:
            query = query.where(files.c.purpose == purpose)
        if after is not None and (last := await self.get(after)) is not None:
            at, name = place
            beyond = at < last.created_at if descending else at > last.created_at
            same = name < last.id if descending else name > last.id
            query = query.where(or_(beyond, and_(at == last.created_at, same)))
        query = query.order_by(*(column.desc() if descending else column for column in place)).limit(limit)
        return [_file(row) for row in (await self._connection.execute(query)).mappings()]

    async def drop(self, file_id: str) -> bool:
        return (await self._connection.execute(delete(files).where(files.c.id == file_id))).rowcount == 1

    async def in_use(self, file_id: str) -> str | None:
        """The batch that still reads the file, if there is one."""
        reading = select(batches.c.id).where(batches.c.input_file_id == file_id, batches.c.status.not_in(ENDED))
        return await self._connection.scalar(reading.limit(1))

    async def outdated(self, *, now_ms: int, begun_before_ms: int, limit: int) -> Sequence[str]:
        expired = files.c.expires_at <= now_ms
        abandoned = and_(files.c.state == "pending", files.c.created_at < begun_before_ms)
        reading = select(1).where(batches.c.input_file_id == files.c.id, batches.c.status.not_in(ENDED)).exists()
        query = select(files.c.id).where(or_(expired, abandoned), ~reading).limit(limit)
        return list(await self._connection.scalars(query))


def _file(row: RowMapping) -> StoredFile:
    fields = dict(row)
    fields["acl"] = frozenset(fields["acl"])
    return StoredFile(**fields)


def _row(file: StoredFile) -> dict[str, Any]:  # Any: values of many columns
    return msgspec.structs.asdict(file) | {"acl": sorted(file.acl)}
