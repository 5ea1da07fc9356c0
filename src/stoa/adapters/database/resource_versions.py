"""Versions of resources in the database."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import resource_versions
from stoa.domain.versions import ResourceVersion


class ResourceVersionTable:
    """VersionStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, version: ResourceVersion) -> None:
        row = {
            "kind": version.kind,
            "name": version.name,
            "version": version.version,
            "change": version.change,
            "fields": list(version.fields),
            "spec": version.spec,
            "restored": version.restored,
            "at": version.at_ms,
            "by": version.by,
        }
        await self._connection.execute(insert(resource_versions).values(row))

    async def last(self, kind: str, name: str) -> ResourceVersion | None:
        return next(iter(await self.page(kind, name, before=None, limit=1)), None)

    async def get(self, kind: str, name: str, version: int) -> ResourceVersion | None:
        found = select(resource_versions).where(*_of(kind, name), resource_versions.c.version == version)
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return _version(row) if row is not None else None

    async def page(self, kind: str, name: str, *, before: int | None, limit: int) -> Sequence[ResourceVersion]:
        found = select(resource_versions).where(*_of(kind, name))
        if before is not None:
            found = found.where(resource_versions.c.version < before)
        rows = await self._connection.execute(found.order_by(resource_versions.c.version.desc()).limit(limit))
        return [_version(row) for row in rows.mappings()]

    async def between(self, kind: str, name: str, *, after: int, until: int) -> Sequence[ResourceVersion]:
        number = resource_versions.c.version
        found = select(resource_versions).where(*_of(kind, name), number > after, number <= until)
        rows = await self._connection.execute(found.order_by(number))
        return [_version(row) for row in rows.mappings()]

    async def forget(self, kind: str, name: str, version: int) -> None:
        one = update(resource_versions).where(*_of(kind, name), resource_versions.c.version == version)
        await self._connection.execute(one.values(spec=None))


def _of(kind: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return resource_versions.c.kind == kind, resource_versions.c.name == name


def _version(row: RowMapping) -> ResourceVersion:
    return ResourceVersion(
        kind=row["kind"],
        name=row["name"],
        version=row["version"],
        change=row["change"],
        fields=tuple(row["fields"]),
        spec=row["spec"],
        restored=row["restored"],
        at_ms=row["at"],
        by=row["by"],
    )
