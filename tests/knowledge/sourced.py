"""A collection that is filled from a place in memory, with the worker's part played in this process."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from stoa.adapters.database import Database
from stoa.adapters.database.desired import ResourceTable
from stoa.adapters.database.ledgers import Collections, DocumentRecords, JobRecords
from stoa.adapters.database.opening import opener
from stoa.adapters.database.syncs import SourceRecords, SyncTables
from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.jobs.memory import MemoryRunner
from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.parsers.direct import DirectParser
from stoa.adapters.parsers.words import WordSplitter
from stoa.adapters.sources.memory import MemoryConnectors, MemoryPlace
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.documents import Document
from stoa.domain.resources import Collection, Source
from stoa.domain.sources import Plugin
from stoa.domain.syncs import Sync, SyncCause, document_source
from stoa.knowledge.ingest import Ingestion, IngestionPorts
from stoa.knowledge.process import Pipeline
from stoa.knowledge.retrieve import HybridRetriever
from stoa.knowledge.sources import beginning as sources
from stoa.knowledge.sources.ports import SyncPorts
from stoa.knowledge.sources.work import SyncWork

COLLECTION = Collection(name="handbook", team="company", chunk_tokens=32)
SOURCE = Source(name="wiki", collection="handbook", origin=Plugin(plugin="attic"))


@dataclass
class Sourced:
    """The collection, the place, and whoever works. `now` is the clock of syncs; `events` is what happened in order."""

    database: Database
    place: MemoryPlace = field(default_factory=MemoryPlace)
    index: MemoryIndex = field(default_factory=MemoryIndex)
    objects: ObjectFolder = field(default_factory=ObjectFolder.memory)
    source: Source = SOURCE
    now: int = 1_000_000
    events: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.embedder = HashingEmbedder()
        self.ingestion = Ingestion(
            IngestionPorts(
                documents=DocumentRecords(self.database), jobs=JobRecords(self.database), objects=self.objects,
                processor=Pipeline(objects=self.objects, parser=DirectParser(), splitter=WordSplitter()),
                index=self.index, embedder_of=lambda _: self.embedder,
                collection_of=Collections(self.database).get,
            )
        )  # fmt: skip
        self.work = self.syncing()

    def syncing(self, **changed: Any) -> SyncWork:
        """The work as another process would have it."""
        ports = SyncPorts(
            read=opener(self.database.read, SyncTables), write=opener(self.database.write, SyncTables),
            jobs=JobRecords(self.database), documents=DocumentRecords(self.database), objects=self.objects,
            sources=SourceRecords(self.database), connectors=MemoryConnectors({"attic": self.place}),
            unseal=lambda sealed: sealed, rights=self._rights, now_ms=lambda: self.now, most_bytes=1000, pauses_s=(0.0, 0.0),
        )  # fmt: skip
        return SyncWork(replace(ports, **changed))

    async def _rights(self, job_id: str) -> None:
        await self.ingestion.rights(job_id)
        self.events.append("in force")

    async def apply(self, **changed: Any) -> None:
        self.source = msgspec.structs.replace(self.source, **changed)
        async with self.database.write() as connection:
            await ResourceTable(connection).save(COLLECTION, now_ms=1, by="test")
            await ResourceTable(connection).save(self.source, now_ms=self.now, by="test")

    async def delete(self) -> None:
        async with self.database.write() as connection:
            await ResourceTable(connection).remove("Source", self.source.name)
            await sources.withdraw(SyncTables(connection), self.source, by="test", now_ms=self.now)
        await self.do()

    async def begin(self, cause: SyncCause = "due", *, confirmed: bool = False) -> Sync | None:
        self.now += 1000
        async with self.database.write() as connection:
            return await sources.begin(
                SyncTables(connection), self.source.name, "handbook", cause=cause, by="test", now_ms=self.now,
                confirmed=confirmed,
            )  # fmt: skip

    async def sync(self, cause: SyncCause = "due", *, confirmed: bool = False) -> Sync:
        """A whole sync, and the ingestion that it asks for."""
        begun = await self.begin(cause, confirmed=confirmed)
        assert begun is not None
        await self.do()
        return await self.known(begun.id)

    async def do(self) -> None:
        """Every job there is, in the order in which they came."""
        while jobs := await JobRecords(self.database).unfinished():
            runner = MemoryRunner({"sync": self.work, "ingest": self.ingestion})
            for job in jobs:
                await runner.submit(job.kind, job.id, lane="x")
            await asyncio.wait_for(runner.drained(), 120)

    async def known(self, sync_id: str) -> Sync:
        async with self.database.read() as connection:
            found = await SyncTables(connection).syncs.get(sync_id)
        assert found is not None
        return found

    async def history(self) -> list[Sync]:
        async with self.database.read() as connection:
            return list(await SyncTables(connection).syncs.page(self.source.name))

    async def documents(self) -> dict[str, Document]:
        async with self.database.read() as connection:
            found = await SyncTables(connection).documents.of_source("handbook", document_source(self.source.name))
        return {each.path: each for each in found}

    async def found(self, question: str, *tags: str) -> set[str]:
        retriever = HybridRetriever(self.index, lambda _: self.embedder)
        acl = frozenset(tags or ("team:company",))
        passages = await retriever.retrieve(question, collections=["handbook"], acl=acl, limit=50, on_behalf_of="company")
        return {each.path for each in passages}


def counted(sync: Sync) -> dict[str, int]:
    """What a sync counted, but for what is nothing."""
    names = ("listed", "added", "changed", "removed", "rights_moved", "failed", "held_back")
    return {name: number for name in names if (number := getattr(sync, name))}
