"""Vector stores in the database, what their collections hold, and documents in the order in which they were put in."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import RowMapping, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.documents import document_of, open_to
from stoa.adapters.database.store_tables import vector_stores
from stoa.adapters.database.tables import documents, resources
from stoa.adapters.database.upsert import upsert
from stoa.domain.documents import Document, DocumentState
from stoa.domain.identity import AccessTag
from stoa.domain.vector_stores import SOURCE, Held, VectorStore

TOUCHED_EVERY_MS = 60_000
"""That a store was used is written this often at most."""


class VectorStoreTable:
    """In one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, collection: str) -> VectorStore | None:
        query = select(vector_stores).where(vector_stores.c.collection == collection)
        row = (await self._connection.execute(query)).mappings().first()
        return _store(row) if row is not None else None

    async def all(self) -> Mapping[str, VectorStore]:
        """By collection."""
        return {row["collection"]: _store(row) for row in (await self._connection.execute(select(vector_stores))).mappings()}

    async def save(self, store: VectorStore) -> None:
        await upsert(self._connection, vector_stores, msgspec.structs.asdict(store))

    async def drop(self, collection: str) -> None:
        await self._connection.execute(delete(vector_stores).where(vector_stores.c.collection == collection))

    async def touch(self, collections: Sequence[str], *, now_ms: int) -> None:
        """Note that these are in use."""
        late = vector_stores.c.last_active_at < now_ms - TOUCHED_EVERY_MS
        await self._connection.execute(
            update(vector_stores).where(vector_stores.c.collection.in_(collections), late).values(last_active_at=now_ms)
        )

    async def applied_at(self) -> Mapping[str, int]:
        """When each collection was applied last."""
        rows = await self._connection.execute(
            select(resources.c.name, resources.c.updated_at).where(resources.c.kind == "Collection")
        )
        return {row.name: row.updated_at for row in rows}

    async def held(self, collection: str | None = None) -> Mapping[str, Held]:
        """By collection, those without any document left out."""
        table = documents.c
        query = select(table.collection, table.state, func.count(), func.sum(table.bytes)).where(table.state != "removed")
        if collection is not None:
            query = query.where(table.collection == collection)
        found: dict[str, Held] = {}
        for name, state, count, size in await self._connection.execute(query.group_by(table.collection, table.state)):
            before = found.get(name, Held())
            found[name] = Held({**before.documents, state: count}, before.bytes + int(size or 0))
        return found

    async def page(
        self,
        collection: str,
        *,
        acl: frozenset[AccessTag],
        states: Sequence[DocumentState] = (),
        job_id: str | None = None,
        descending: bool = True,
        after: str | None = None,
        before: str | None = None,
        limit: int,
    ) -> Sequence[Document]:
        """Documents that the tags open, by creation; between the documents of those ids."""
        place = (documents.c.created_at, documents.c.id)
        backwards = before is not None and after is None  # the nearest to where it is to end
        query = select(documents).where(
            documents.c.collection == collection, documents.c.state != "removed", open_to(self._connection, acl)
        )
        if states:
            query = query.where(documents.c.state.in_(states))
        if job_id is not None:
            query = query.where(documents.c.job_id == job_id)
        for edge, later in ((after, not descending), (before, descending)):
            found = await self._place(edge) if edge is not None else None
            if found is not None:
                beyond = place[0] > found[0] if later else place[0] < found[0]
                same = place[1] > found[1] if later else place[1] < found[1]
                query = query.where(or_(beyond, and_(place[0] == found[0], same)))
        query = query.order_by(*(column.desc() if descending != backwards else column for column in place)).limit(limit)
        found = [document_of(row) for row in (await self._connection.execute(query)).mappings()]
        return found[::-1] if backwards else found

    async def of_file(self, collection: str, file_id: str) -> Document | None:
        """The document that was made of a file."""
        query = select(documents).where(
            documents.c.collection == collection, documents.c.source == SOURCE, documents.c.state != "removed",
            documents.c.path.startswith(f"{file_id}/", autoescape=True),
        )  # fmt: skip
        row = (await self._connection.execute(query)).mappings().first()
        return document_of(row) if row is not None else None

    async def with_file(self, file_id: str) -> Sequence[Document]:
        """Those of all collections."""
        query = select(documents).where(
            documents.c.source == SOURCE, documents.c.state != "removed",
            documents.c.path.startswith(f"{file_id}/", autoescape=True),
        )  # fmt: skip
        return [document_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def empty(self, collection: str, *, job_id: str, now_ms: int) -> None:
        """Take every document away; the job brings that into the index."""
        await self._connection.execute(
            update(documents)
            .where(documents.c.collection == collection, documents.c.state != "removed")
            .values(state="removed", error=None, job_id=job_id, updated_at=now_ms)
        )

    async def _place(self, document_id: str) -> tuple[int, str] | None:
        created_at = await self._connection.scalar(select(documents.c.created_at).where(documents.c.id == document_id))
        return None if created_at is None else (created_at, document_id)


def _store(row: RowMapping) -> VectorStore:
    return VectorStore(**row)
