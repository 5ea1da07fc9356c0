"""Documents and jobs as the worker sees them: each call is one transaction."""

import time
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database import resemblance
from stoa.adapters.database.desired import ResourceTable
from stoa.adapters.database.documents import DocumentTable
from stoa.adapters.database.engine import Database
from stoa.adapters.database.jobs import JobTable, unfinished
from stoa.adapters.database.revision import advance
from stoa.adapters.database.tables import corpus, held, indexes
from stoa.adapters.database.upsert import upsert
from stoa.domain.documents import Document, Outcome, Resembling
from stoa.domain.jobs import Job
from stoa.domain.passages import Spent
from stoa.domain.resources import Collection
from stoa.domain.traits import Sketch


class DocumentRecords:
    """DocumentLedger over the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_job(self, job_id: str, *, after: str | None = None, limit: int | None = None) -> Sequence[Document]:
        async with self._database.read() as connection:
            return await DocumentTable(connection).of_job(job_id, after=after, limit=limit)

    async def read(self, ids: Sequence[str]) -> Mapping[str, Document]:
        async with self._database.read() as connection:
            return await DocumentTable(connection).read(ids)

    async def claim(self, job_id: str, ids: Sequence[str], *, moved: bool = False) -> frozenset[str]:
        async with self._database.write() as connection:
            return await DocumentTable(connection).claim(job_id, ids, moved=moved)

    async def record(self, job_id: str, collection: str, outcomes: Sequence[Outcome], *, spent: Spent | None = None) -> None:
        now_ms = _now_ms()
        async with self._database.write() as connection:
            table = DocumentTable(connection)
            await raise_corpus(connection, collection)
            if await table.personal([outcome.document_id for outcome in outcomes]):
                await connection.execute(update(corpus).where(corpus.c.collection == collection).values(personal=True))
            searched = (indexes.c.collection == collection, indexes.c.state == "serving")
            serving = await connection.scalar(select(indexes.c.version).where(*searched))
            written = await _write(connection, job_id, outcomes, serving, now_ms)
            told = [each for each in written if each.state == "failed" or (each.sketch is not None and each.state == "indexed")]
            await resemblance.keep(connection, {each.document_id: each.sketch or Sketch((), ()) for each in told})
            remaining, failed = await table.remaining(job_id)
            read = [outcome for outcome in written if outcome.state == "indexed" and outcome.chunks is not None]
            await JobTable(connection).count(
                job_id, remaining=remaining, failed=failed,
                pages=sum(outcome.pages or 1 for outcome in read), chunks=sum(outcome.chunks or 0 for outcome in read),
                spent=spent or Spent(),
            )  # fmt: skip

    async def resembling(self, collection: str, sketches: Mapping[str, Sketch]) -> Mapping[str, Sequence[Resembling]]:
        async with self._database.read() as connection:
            return await resemblance.resembling(connection, collection, sketches)

    async def orphans(self, digests: Sequence[str]) -> Sequence[str]:
        async with self._database.read() as connection:
            kept = await DocumentTable(connection).digests(digests)
        return [digest for digest in digests if digest not in kept]


class Collections:
    """The collections that were applied."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> Collection | None:
        async with self._database.read() as connection:
            found = await ResourceTable(connection).all()
        return next((each for each in found if isinstance(each, Collection) and each.name == name), None)


class JobRecords:
    """JobLedger over the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, job_id: str) -> Job | None:
        async with self._database.read() as connection:
            return await JobTable(connection).get(job_id)

    async def unfinished(self) -> Sequence[Job]:
        return await self._database.look(unfinished)

    async def start(self, job_id: str) -> bool:
        async with self._database.write() as connection:
            return await JobTable(connection).start(job_id, now_ms=_now_ms())

    async def say(self, job_id: str, message: str | None) -> None:
        async with self._database.write() as connection:
            await JobTable(connection).say(job_id, message)

    async def end(self, job_id: str, *, error: str | None = None, note: str | None = None) -> None:
        async with self._database.write() as connection:
            await JobTable(connection).end(job_id, now_ms=_now_ms(), error=error, note=note)


async def raise_corpus(connection: AsyncConnection, collection: str) -> None:
    """Say that the index of a collection is another now: answers cached from it are no longer found."""
    revision = await advance(connection)
    present = await connection.scalar(select(corpus.c.version).where(corpus.c.collection == collection))
    await upsert(connection, corpus, {"collection": collection, "version": max((present or 0) + 1, revision)})


async def _write(
    connection: AsyncConnection, job_id: str, outcomes: Sequence[Outcome], serving: int | None, now_ms: int
) -> list[Outcome]:
    """Write the outcomes into the rows that the job still has; those that were written."""
    table = DocumentTable(connection)
    kept = [each for each in outcomes if each.state != "removed"]
    changed = await table.change(job_id, {each.document_id: _values(each, serving, now_ms) for each in kept})
    for each in kept:
        if each.document_id in changed and _is_late(each, serving) and each.indexed_as is not None:
            row = {"document_id": each.document_id, "version": each.version, "indexed_digest": each.indexed_as}
            await upsert(connection, held, row | {"chunks": each.chunks or 0})
    gone = [each for each in outcomes if each.state == "removed" and await table.drop(each.document_id, job_id)]
    return [*gone, *(each for each in kept if each.document_id in changed)]


def _values(outcome: Outcome, serving: int | None, now_ms: int) -> Mapping[str, object]:
    """Of the columns of a document's row."""
    values: dict[str, object] = {
        "state": outcome.state, "error": outcome.error, "updated_at": now_ms,
        "indexed_digest": None if _is_late(outcome, serving) else outcome.indexed_as,
    }  # fmt: skip
    known = {"title": outcome.title, "pages": outcome.pages, "chunks": outcome.chunks}
    values |= {name: value for name, value in known.items() if value is not None}
    if outcome.traits is not None:
        values["traits"] = msgspec.to_builtins(outcome.traits)
    return values


def _is_late(outcome: Outcome, serving: int | None) -> bool:
    """Whether another index took the place of the one that was written to: that one is kept, and this one lacks it."""
    return outcome.version is not None and outcome.version != serving


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
