"""Indexes of collections in the database: over one connection, and as the worker sees them."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, RowMapping, and_, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.documents import document_of
from stoa.adapters.database.engine import Database
from stoa.adapters.database.jobs import JobTable
from stoa.adapters.database.ledgers import raise_corpus
from stoa.adapters.database.revision import advance
from stoa.adapters.database.tables import documents, held, indexes
from stoa.adapters.database.upsert import upsert
from stoa.domain.documents import Document
from stoa.domain.indexes import Comparison, Held, Index
from stoa.domain.passages import Spent
from stoa.domain.processing import Recipe
from stoa.errors import Conflict, NotFound

_LIVE = ("building", "serving", "kept")
_DROPPED = select(indexes).where(indexes.c.state == "dropped", ~indexes.c.erased)


class IndexTable:
    """The indexes, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, collection: str, *, dropped: bool = False) -> Sequence[Index]:
        """Those that are not dropped, or all, the oldest first."""
        query = select(indexes).where(indexes.c.collection == collection).order_by(indexes.c.version)
        rows = await self._connection.execute(query if dropped else query.where(indexes.c.state.in_(_LIVE)))
        return [_index(row) for row in rows.mappings()]

    async def every(self) -> Sequence[Index]:
        """Those of all collections that are not dropped."""
        query = select(indexes).where(indexes.c.state.in_(_LIVE)).order_by(indexes.c.collection, indexes.c.version)
        return [_index(row) for row in (await self._connection.execute(query)).mappings()]

    async def add(self, collection: str, recipe: Recipe, *, state: str, now_ms: int, job_id: str | None = None) -> Index:
        """The next version. Gateways learn of it, so that it can be searched to be compared."""
        await advance(self._connection)
        highest = select(func.max(indexes.c.version)).where(indexes.c.collection == collection)
        version = (await self._connection.scalar(highest) or 0) + 1
        made = Index(
            collection=collection, version=version, state="serving" if state == "serving" else "building",
            embedding_model=recipe.embedding_model, chunk_tokens=recipe.chunk_tokens, job_id=job_id, created_at=now_ms,
            changed_at=now_ms,
        )  # fmt: skip
        await self._connection.execute(insert(indexes).values(**msgspec.to_builtins(made), erased=False))
        return made

    async def work(self, index: Index, job_id: str) -> None:
        """Say which job works on it."""
        await self._connection.execute(update(indexes).where(_is(index)).values(job_id=job_id))

    async def tell(self, index: Index, report: Comparison) -> None:
        await self._connection.execute(update(indexes).where(_is(index)).values(report=msgspec.to_builtins(report)))

    async def drop(self, index: Index, *, now_ms: int) -> None:
        """Give it up: nothing is noted of what it holds any more. What it holds is erased later."""
        await advance(self._connection)
        of_it = select(documents.c.id).where(documents.c.collection == index.collection)
        await self._connection.execute(delete(held).where(held.c.version == index.version, held.c.document_id.in_(of_it)))
        await self._connection.execute(update(indexes).where(_is(index)).values(state="dropped", changed_at=now_ms))

    async def lacking(self, index: Index, *, after: str | None = None, limit: int | None = None) -> Sequence[Document]:
        query = select(documents).where(_lacking(index)).order_by(documents.c.id).limit(limit)
        if after is not None:
            query = query.where(documents.c.id > after)
        return [document_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def count_lacking(self, index: Index) -> int:
        return await self._connection.scalar(select(func.count()).select_from(documents).where(_lacking(index))) or 0

    async def hold(self, index: Index, noted: Sequence[Held], *, spent: Spent) -> frozenset[str]:
        """Note what it holds of documents whose rows are as they were read, rights aside: those hold already.

        Counts them for the job that works on it.
        """
        done: set[str] = set()
        serving = index.state == "serving"
        for each in noted:
            was = each.document
            same = and_(documents.c.id == was.id, documents.c.digest == was.digest, documents.c.path == was.path)
            same = and_(same, documents.c.state == "indexed")
            if serving:
                values = {"indexed_digest": each.indexed_as, "chunks": each.chunks}
                written = await self._connection.execute(
                    update(documents).where(same, documents.c.indexed_digest.is_(None)).values(**values)
                )
                if written.rowcount == 1:
                    done.add(was.id)
            elif await self._connection.scalar(select(documents.c.id).where(same)) is not None:
                row = {
                    "document_id": was.id,
                    "version": index.version,
                    "indexed_digest": each.indexed_as,
                    "chunks": each.chunks,
                }
                await upsert(self._connection, held, row)
                done.add(was.id)
        counted = [each for each in noted if each.document.id in done]
        if index.job_id is not None:
            await JobTable(self._connection).add_up(
                index.job_id, done=sum(each.failure is None for each in counted),
                failed=sum(each.failure is not None for each in counted),
                pages=sum(each.document.pages or 1 for each in counted), chunks=sum(each.chunks for each in counted),
                spent=spent,
            )  # fmt: skip
        return frozenset(done)

    async def switch(self, index: Index, *, now_ms: int) -> None:
        """As `domain.indexes.IndexLedger.switch`. A kept one may lack what came since; it is brought up to date afterwards."""
        await raise_corpus(self._connection, index.collection)  # first: it lets other changes wait
        found = {each.version: each for each in await self.of(index.collection)}
        chosen = found.get(index.version)
        if chosen is None or chosen.state not in ("building", "kept"):
            state = "not there" if chosen is None else "searched already"
            raise Conflict(f"Version {index.version} of the index of {index.collection!r} is {state}.", param="version")
        if chosen.state == "building" and (left := await self.count_lacking(chosen)):
            raise Conflict(
                f"Version {index.version} of the index of {index.collection!r} still lacks {left:,} documents.", param="version"
            )
        before = next(each for each in found.values() if each.state == "serving")
        if chosen.state == "building":
            for each in found.values():
                if each.state == "kept":
                    await self.drop(each, now_ms=now_ms)
        await self._exchange(before, chosen)
        for each, state in ((before, "kept"), (chosen, "serving")):
            await self._connection.execute(update(indexes).where(_is(each)).values(state=state, changed_at=now_ms))

    async def _exchange(self, before: Index, after: Index) -> None:
        """What documents say that the searched index holds is what `after` holds; what they said is what `before` holds."""
        of_it = documents.c.collection == before.collection
        known = and_(of_it, documents.c.state == "indexed", documents.c.indexed_digest.is_not(None))
        columns = [documents.c.id, documents.c.indexed_digest, func.coalesce(documents.c.chunks, 0)]
        rows = select(columns[0], _number(before.version), *columns[1:]).where(known)
        names = ["document_id", "version", "indexed_digest", "chunks"]
        await self._connection.execute(insert(held).from_select(names, rows))
        same = and_(held.c.document_id == documents.c.id, held.c.version == after.version)
        taken = {
            "indexed_digest": select(held.c.indexed_digest).where(same).scalar_subquery(),
            "chunks": func.coalesce(select(held.c.chunks).where(same).scalar_subquery(), documents.c.chunks),
        }
        await self._connection.execute(update(documents).where(of_it, documents.c.state == "indexed").values(**taken))
        here = select(documents.c.id).where(of_it)
        await self._connection.execute(delete(held).where(held.c.version == after.version, held.c.document_id.in_(here)))


class IndexRecords:
    """IndexLedger over the database: each call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, collection: str) -> Sequence[Index]:
        async with self._database.read() as connection:
            return await IndexTable(connection).of(collection)

    async def ensure(self, collection: str, recipe: Recipe) -> Index:
        found = [each for each in await self.of(collection) if each.state == "serving"]
        if found:
            return found[0]
        async with self._database.write() as connection:
            table = IndexTable(connection)
            for each in await table.of(collection):  # another was quicker
                if each.state == "serving":
                    return each
            await raise_corpus(connection, collection)
            return await table.add(collection, recipe, state="serving", now_ms=_now_ms())

    async def lacking(self, index: Index, *, after: str | None = None, limit: int | None = None) -> Sequence[Document]:
        async with self._database.read() as connection:
            return await IndexTable(connection).lacking(index, after=after, limit=limit)

    async def hold(self, index: Index, noted: Sequence[Held], *, spent: Spent) -> frozenset[str]:
        async with self._database.write() as connection:
            return await IndexTable(connection).hold(index, noted, spent=spent)

    async def told(self, index: Index, report: Comparison) -> None:
        async with self._database.write() as connection:
            await IndexTable(connection).tell(index, report)

    async def switch(self, index: Index) -> None:
        async with self._database.write() as connection:
            await IndexTable(connection).switch(index, now_ms=_now_ms())

    async def erasable(self, before_ms: int) -> Sequence[Index]:
        rows = await self._database.look(lambda connection: connection.execute(_DROPPED).mappings().all())
        found = [_index(row) for row in rows]
        return [each for each in found if each.changed_at < before_ms]

    async def erased(self, index: Index) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(indexes).where(_is(index)).values(erased=True))


def named(found: Sequence[Index], version: int) -> Index:
    """Raises NotFound."""
    for each in found:
        if each.version == version:
            return each
    known = ", ".join(str(each.version) for each in found) or "none"
    raise NotFound(f"There is no version {version} of this index. There is: {known}.", param="version")


def _lacking(index: Index) -> ColumnElement[bool]:
    """Documents that are indexed, and of which the index does not hold the text that they have now."""
    indexed = and_(documents.c.collection == index.collection, documents.c.state == "indexed")
    if index.state == "serving":
        return and_(indexed, documents.c.indexed_digest.is_(None))
    has = and_(held.c.document_id == documents.c.id, held.c.version == index.version)
    return and_(indexed, ~exists(select(1).select_from(held).where(has)))


def _is(index: Index) -> ColumnElement[bool]:
    return and_(indexes.c.collection == index.collection, indexes.c.version == index.version)


def _number(value: int) -> Any:  # Any: a literal, whose types say little
    from sqlalchemy import Integer, literal

    return literal(value, Integer)


def _index(row: RowMapping) -> Index:
    fields = dict(row)
    del fields["erased"]
    report = fields.pop("report")
    return Index(**fields, report=msgspec.convert(report, Comparison) if report is not None else None)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
