"""Documents in the database, over one connection."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Select, and_, bindparam, case, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database import versions
from stoa.adapters.database.tables import documents, held, judgements
from stoa.domain.documents import Document, DocumentState
from stoa.domain.identity import AccessTag, Rights, denying, opening
from stoa.domain.library import CollectionCounts, Failure
from stoa.domain.narrowing import EVERY, DocumentFilter
from stoa.domain.traits import Traits

_T = TypeVar("_T")

_BATCH = 500
"""Rows in one statement, well below every database's limit of parameters."""


class DocumentTable:
    """The documents, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, document_id: str) -> Document | None:
        """One that is not removed."""
        row = (await self._connection.execute(_living().where(documents.c.id == document_id))).mappings().first()
        return document_of(row) if row is not None else None

    async def read(self, ids: Sequence[str]) -> Mapping[str, Document]:
        """Those of the ids that there are, removed ones included."""
        found: dict[str, Document] = {}
        for some in _batches(ids):
            rows = await self._connection.execute(select(documents).where(documents.c.id.in_(some)))
            found |= {row["id"]: document_of(row) for row in rows.mappings()}
        return found

    async def of_source(self, collection: str, source: str) -> Sequence[Document]:
        rows = await self._connection.execute(
            _living().where(documents.c.collection == collection, documents.c.source == source)
        )
        return [document_of(row) for row in rows.mappings()]

    async def at(self, collection: str, source: str, path: str) -> Document | None:
        there = (documents.c.collection == collection, documents.c.source == source, documents.c.path == path)
        row = (await self._connection.execute(_living().where(*there))).mappings().first()
        return document_of(row) if row is not None else None

    async def of_collection(self, collection: str, *, after: str, limit: int) -> Sequence[Document]:
        """Those that are not removed, by id."""
        query = _living().where(documents.c.collection == collection, documents.c.id > after).order_by(documents.c.id)
        return [document_of(row) for row in (await self._connection.execute(query.limit(limit))).mappings()]

    async def unknown(self, ids: Sequence[str]) -> None:
        """What the index holds of these is unknown from now on."""
        for some in _batches(ids):
            await self._connection.execute(update(documents).where(documents.c.id.in_(some)).values(indexed_digest=None))

    async def of_job(self, job_id: str, *, after: str | None = None, limit: int | None = None) -> Sequence[Document]:
        """Those whose latest change belongs to the job, removed ones included, by id."""
        query = select(documents).where(documents.c.job_id == job_id).order_by(documents.c.id).limit(limit)
        if after is not None:
            query = query.where(documents.c.id > after)
        rows = await self._connection.execute(query)
        return [document_of(row) for row in rows.mappings()]

    async def page(
        self,
        collection: str,
        *,
        acl: frozenset[AccessTag],
        state: DocumentState | None = None,
        search: str = "",
        source: str | None = None,
        after: str | None = None,
        limit: int = 50,
        wanted: DocumentFilter = EVERY,
    ) -> Sequence[Document]:
        """Those that the tags open and that are wanted, by id; `search` looks into path and title."""
        of_it = (documents.c.collection == collection, open_to(self._connection, acl))
        query = _living().where(*of_it).order_by(documents.c.id)
        if state is not None:
            query = query.where(documents.c.state == state)
        if source is not None:
            query = query.where(documents.c.source == source)
        if search:
            held = [column.icontains(search, autoescape=True) for column in (documents.c.path, documents.c.title)]
            query = query.where(or_(*held))
        found: list[Document] = []
        size = limit if wanted.all else max(limit, _BATCH)  # a filter is held against rows as they come
        while True:
            some = await self._after(query, after, size)
            found += (document for document in await self.told(some, acl) if wanted.holds(document))
            if len(found) >= limit or len(some) < size:
                return found[:limit]
            after = some[-1].id

    async def told(self, some: Sequence[Document], held: frozenset[AccessTag]) -> Sequence[Document]:
        """The same documents as whoever holds these tags may know them: a duplicate of what they may not read is none."""
        ids = {each.traits.duplicate_of for each in some if each.traits is not None and each.traits.duplicate_of is not None}
        if not ids:
            return some
        others = await self.read(sorted(ids))
        known = {one for one, other in others.items() if other.state != "removed" and other.rights.open_to(held)}
        return [
            msgspec.structs.replace(each, traits=msgspec.structs.replace(each.traits, duplicate_of=None))
            if each.traits is not None and each.traits.duplicate_of not in known
            else each
            for each in some
        ]

    async def again(self, indexed: Mapping[str, str | None], *, job_id: str, now_ms: int) -> None:
        """Queue documents for a job as they are, each with what is to be said of its index."""
        statement = (
            update(documents)
            .where(documents.c.id == bindparam("one"), documents.c.state != "removed")
            .values(state="queued", error=None, indexed_digest=bindparam("held"), job_id=job_id, updated_at=now_ms)
        )
        if indexed:
            await self._connection.execute(statement, [{"one": one, "held": held} for one, held in indexed.items()])

    async def _after(self, query: Select[Any], after: str | None, limit: int) -> list[Document]:
        narrowed = query if after is None else query.where(documents.c.id > after)
        return [document_of(row) for row in (await self._connection.execute(narrowed.limit(limit))).mappings()]

    async def counts(self) -> Mapping[str, CollectionCounts]:
        """By collection."""
        failed = func.sum(case((documents.c.state == "failed", 1), else_=0))
        rows = await self._connection.execute(
            select(documents.c.collection, func.count(), func.sum(documents.c.chunks), failed)
            .where(documents.c.state != "removed")
            .group_by(documents.c.collection)
        )
        return {name: CollectionCounts(count, int(chunks or 0), int(bad or 0)) for name, count, chunks, bad in rows}

    async def open_counts(self, collections: Sequence[str], *, acl: frozenset[AccessTag]) -> Mapping[str, int]:
        """Of each collection that has indexed documents which the tags open, how many."""
        if not collections:
            return {}
        rows = await self._connection.execute(
            select(documents.c.collection, func.count())
            .where(documents.c.collection.in_(collections), documents.c.state == "indexed", open_to(self._connection, acl))
            .group_by(documents.c.collection)
        )
        return {name: int(count) for name, count in rows}

    async def marks(self, collections: Sequence[str], *, acl: frozenset[AccessTag]) -> Mapping[str, str]:
        """Of each collection that has documents which the tags open, a text that changes with any of those, and no other."""
        if not collections:
            return {}
        counted = (func.count(), func.sum(documents.c.updated_at), func.max(documents.c.updated_at))
        rows = await self._connection.execute(
            select(documents.c.collection, *counted)
            .where(documents.c.collection.in_(collections), documents.c.state == "indexed", open_to(self._connection, acl))
            .group_by(documents.c.collection)
        )
        return {name: f"{count} {int(total)} {latest}" for name, count, total, latest in rows}

    async def failures(self, job_ids: Sequence[str], *, limit: int = 1000) -> Mapping[str, Sequence[Failure]]:
        """By job, in order of path, the first `limit`."""
        rows = await self._connection.execute(
            select(documents.c.job_id, documents.c.path, documents.c.error, documents.c.acl, documents.c.deny)
            .where(documents.c.job_id.in_(job_ids), documents.c.state == "failed")
            .order_by(documents.c.path)
            .limit(limit)
        )
        found: dict[str, list[Failure]] = {}
        for job_id, path, error, acl, deny in rows:
            found.setdefault(job_id, []).append(Failure(path, error or "", Rights(frozenset(acl), frozenset(deny))))
        return found

    async def put(self, changed: Sequence[Document]) -> None:
        """Insert, or replace what has the same collection, source and path; that one keeps its id and its beginning."""
        insert = sqlite.insert if self._connection.dialect.name == "sqlite" else postgresql.insert
        for some in _batches(changed, size=50):
            rows = [_row(document) for document in some]
            statement = insert(documents).values(rows)
            kept = {"id", "collection", "source", "path", "created_at", "indexed_digest", "pages", "chunks", "traits"}
            values = {name: statement.excluded[name] for name in rows[0] if name not in kept}
            replacing = statement.on_conflict_do_update(index_elements=["collection", "source", "path"], set_=values)
            written = await self._connection.execute(replacing.returning(documents))
            await versions.add(self._connection, [document_of(row) for row in written.mappings()])

    async def share(self, document_id: str, rights: Rights, *, job_id: str, now_ms: int) -> bool:
        """Give one other rights and queue it for the job. False when it is not there any more."""
        changed = (
            update(documents)
            .where(documents.c.id == document_id, documents.c.state != "removed")
            .values(
                acl=sorted(rights.allow), deny=sorted(rights.deny), state="queued", error=None, job_id=job_id, updated_at=now_ms
            )
            .returning(documents)
        )
        written = [document_of(row) for row in (await self._connection.execute(changed)).mappings()]
        await versions.add(self._connection, written)
        return bool(written)

    async def change(self, job_id: str, changes: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
        """Change those that the job still has, by their ids. Any: values of many columns. Gives the ids of those changed."""
        mine = {one for one, job, _ in await self._held(list(changes)) if job == job_id}
        alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}  # rows of one statement name the same columns
        for document_id in sorted(mine):
            values = changes[document_id]
            alike.setdefault(tuple(sorted(values)), []).append({"its_id": document_id, **values})
        for columns, rows in alike.items():
            those = update(documents).where(documents.c.id == bindparam("its_id"))
            await self._connection.execute(those.values({name: bindparam(name) for name in columns}), rows)
        return frozenset(mine)

    async def claim(self, job_id: str, ids: Sequence[str], *, moved: bool = False) -> frozenset[str]:
        """Those that the job still has and that are not removed; what the index holds of them is unknown from now on.

        Of those that are only `moved`, other indexes hold the text that they should.
        """
        claimed = [one for one, job, state in await self._held(ids) if job == job_id and state != "removed"]
        for some in _batches(claimed):
            await self._connection.execute(update(documents).where(documents.c.id.in_(some)).values(indexed_digest=None))
            if not moved:
                await self._connection.execute(delete(held).where(held.c.document_id.in_(some)))
        return frozenset(claimed)

    async def _held(self, ids: Sequence[str]) -> list[tuple[str, str | None, str]]:
        """Id, job and state of these, which nobody else changes until the transaction ends.

        Asked for with its job, a document is looked for among all of the job's by a planner that knows no better.
        """
        found: list[tuple[str, str | None, str]] = []
        for some in _batches(ids):
            query = select(documents.c.id, documents.c.job_id, documents.c.state).where(documents.c.id.in_(some))
            found += [
                (one, job, state)
                for one, job, state in await self._connection.execute(query.order_by(documents.c.id).with_for_update())
            ]
        return found

    async def drop(self, document_id: str, job_id: str) -> bool:
        """Take away the row of a removed document if the job still has it, and its text from where it was judged."""
        result = await self._connection.execute(
            delete(documents).where(documents.c.id == document_id, documents.c.job_id == job_id, documents.c.state == "removed")
        )
        if result.rowcount == 1:
            await self._connection.execute(delete(held).where(held.c.document_id == document_id))
            await self._connection.execute(update(judgements).where(judgements.c.document_id == document_id).values(text=""))
        return result.rowcount == 1

    async def remaining(self, job_id: str) -> tuple[int, int]:
        """How many documents the job has still to read, and how many it could not."""
        state = documents.c.state
        query = select(state, func.count()).where(documents.c.job_id == job_id, state.in_(("queued", "failed"))).group_by(state)
        counts = dict((await self._connection.execute(query)).all())
        return counts.get("queued", 0), counts.get("failed", 0)

    async def digests(self, digests: Sequence[str]) -> frozenset[str]:
        """Those of the digests that some document has."""
        found: set[str] = set()
        for some in _batches(digests):
            rows = await self._connection.scalars(select(documents.c.digest).where(documents.c.digest.in_(some)).distinct())
            found |= set(rows)
        return frozenset(found)

    async def personal(self, ids: Sequence[str]) -> bool:
        """Whether the rights of any of these name single people."""
        for some in _batches(ids):
            rows = await self._connection.execute(select(documents.c.acl, documents.c.deny).where(documents.c.id.in_(some)))
            if any(Rights(frozenset(acl), frozenset(deny)).personal for acl, deny in rows):
                return True
        return False


def open_to(connection: AsyncConnection, held: frozenset[AccessTag]) -> ColumnElement[bool]:
    """Whether somebody who holds these tags may read a row."""
    allow, deny = documents.c.acl, documents.c.deny
    return and_(_shares(connection, allow, opening(held)), ~_shares(connection, deny, denying(held)))


def _shares(
    connection: AsyncConnection,
    column: "Column[Any]",
    tags: frozenset[AccessTag],  # Any: a list in JSON
) -> ColumnElement[bool]:
    """Whether a row's tags have one in common with these."""
    unpack = func.json_each if connection.dialect.name == "sqlite" else func.json_array_elements_text
    tag = unpack(column).table_valued("value", name=f"tag_{column.name}")
    return exists(select(1).select_from(tag).where(tag.c.value.in_(sorted(tags))))


def _living() -> Select[Any]:
    return select(documents).where(documents.c.state != "removed")


def document_of(row: Mapping[Any, Any]) -> Document:  # Any: columns, and their values
    """The document of a row with all columns."""
    fields = dict(row)
    fields["indexed_as"] = fields.pop("indexed_digest")
    fields["acl"], fields["deny"] = frozenset(fields["acl"]), frozenset(fields["deny"])
    fields["traits"] = msgspec.convert(fields["traits"], Traits | None)
    return Document(**fields)


def _row(document: Document) -> dict[str, Any]:
    fields = msgspec.structs.asdict(document)
    fields["indexed_digest"] = fields.pop("indexed_as")
    fields["acl"], fields["deny"] = sorted(document.acl), sorted(document.deny)
    fields["traits"] = msgspec.to_builtins(document.traits)
    return fields


def _batches(items: Sequence[_T], *, size: int = _BATCH) -> Iterator[Sequence[_T]]:
    return (items[n : n + size] for n in range(0, len(items), size))
