"""Resources in the database, as applied and with their secrets sealed."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import documents, resources
from stoa.adapters.database.upsert import upsert
from stoa.domain.resources import Resource


class ResourceTable:
    """ResourceStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self) -> Sequence[Resource]:
        rows = await self._connection.execute(select(resources.c.spec).order_by(resources.c.kind, resources.c.name))
        return [msgspec.convert(row.spec, Resource) for row in rows]

    async def save(self, resource: Resource, *, now_ms: int, by: str) -> None:
        spec = msgspec.to_builtins(resource)
        row = {"kind": spec["kind"], "name": resource.name, "spec": spec, "updated_at": now_ms, "updated_by": by}
        await upsert(self._connection, resources, row)

    async def remove(self, kind: str, name: str) -> None:
        await self._connection.execute(delete(resources).where(resources.c.kind == kind, resources.c.name == name))

    async def documents(self, collection: str) -> int:
        living = (documents.c.collection == collection, documents.c.state != "removed")
        return (await self._connection.execute(select(func.count()).select_from(documents).where(*living))).scalar_one()
