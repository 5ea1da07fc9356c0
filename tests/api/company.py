"""A company with a collection, people of several rights, and the worker's and the gateway's parts played in this process."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from stoa.adapters.database.indexes import IndexRecords
from stoa.adapters.database.keeping import IndexKeeper
from stoa.adapters.database.ledgers import Collections, DocumentRecords, JobRecords
from stoa.adapters.database.served import served
from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.graph.memory import MemoryGraph
from stoa.adapters.jobs.memory import MemoryRunner
from stoa.adapters.parsers.direct import DirectParser
from stoa.adapters.parsers.words import WordSplitter
from stoa.adapters.triples.folder import FolderLedgers
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.knowledge.indexes import beside
from stoa.knowledge.indexes.rebuild import Rebuild, RebuildPorts
from stoa.knowledge.ingest import Ingestion, IngestionPorts
from stoa.knowledge.linked import LinkedIndex
from stoa.knowledge.process import Pipeline
from stoa.knowledge.retrieve import HybridRetriever
from stoa.knowledge.stating.stated import StatedIndex
from stoa.wiring.comparing import comparing


@dataclass(frozen=True)
class Company:
    """A control role with the collection `handbook`, two people, and a worker."""

    running: Any  # Any: the fixture of the folder's conftest
    embedder: HashingEmbedder
    index: MemoryIndex
    graph: MemoryGraph
    hana: httpx.AsyncClient
    """A developer in the group hr."""
    alex: httpx.AsyncClient
    """A developer in no group."""
    other: httpx.AsyncClient
    """A developer of another team."""

    def ingestion_ports(self) -> IngestionPorts:
        """What the worker indexes with."""
        database, objects = self.running.parts.database, self.running.parts.objects
        triples = self.running.parts.settings.home_folder.triples
        return IngestionPorts(
            documents=DocumentRecords(database),
            jobs=JobRecords(database),
            objects=objects,
            processor=Pipeline(objects=objects, parser=DirectParser(), splitter=WordSplitter()),
            index=StatedIndex(LinkedIndex(self.index, self.graph), FolderLedgers(triples)),
            embedder_of=lambda _: self.embedder,
            collection_of=Collections(database).get,
            indexes=IndexRecords(database),
        )

    async def work(self) -> None:
        """Do every job there is."""
        ports, database = self.ingestion_ports(), self.running.parts.database
        rebuild = RebuildPorts(
            documents=ports.documents, jobs=ports.jobs, indexes=IndexRecords(database), processor=ports.processor,
            index=ports.index, embedder_of=ports.embedder_of, collection_of=ports.collection_of,
            compare=comparing(database, self.running.parts.finder).compare,
        )  # fmt: skip
        runner = MemoryRunner({"ingest": Ingestion(ports), beside.KIND: Rebuild(rebuild)})
        for job in await ports.jobs.unfinished():
            await runner.submit(job.kind, job.id, lane="x")
        await runner.drained()

    async def look_after_indexes(self) -> None:
        """Begin and bring up to date what is to be, and do it."""
        database = self.running.parts.database
        index = LinkedIndex(self.index, self.graph)
        await IndexKeeper(database, index, kind=beside.KIND, keep_up=beside.keep_up, now_ms=lambda: 1).look()
        await self.work()

    async def upload(self, files: Mapping[str, bytes], *, groups: str = "", by: httpx.AsyncClient | None = None) -> Any:
        sent = [("files", (name, data)) for name, data in files.items()]
        answer = await (by or self.hana).post("/api/collections/handbook/documents", files=sent, data={"groups": groups})
        assert answer.status_code == 202, answer.text
        await self.work()
        return answer.json()

    async def find(self, question: str, *tags: str) -> list[str]:
        async with self.running.parts.database.read() as connection:
            known = await served(connection)
        retriever = HybridRetriever(self.index, lambda _: self.embedder, lambda name: known[name].name if known else name)
        found = await retriever.retrieve(
            question, collections=["handbook"], acl=frozenset(tags), limit=10, on_behalf_of="company"
        )
        return [passage.path for passage in found]

    async def sync(
        self, files: Mapping[str, bytes], *, groups: tuple[str, ...] = (), by: httpx.AsyncClient | None = None
    ) -> Any:
        client = by or self.hana
        listed = [{"path": p, "sha256": hashlib.sha256(d).hexdigest(), "bytes": len(d)} for p, d in files.items()]
        answer = await client.post(
            "/api/collections/handbook/syncs", json={"source": "folder", "files": listed, "groups": groups}
        )
        assert answer.status_code == 201, answer.text
        plan = answer.json()
        for path in plan["upload"]:
            sent = await client.put(f"/api/syncs/{plan['sync']}/files", params={"path": path}, content=files[path])
            assert sent.status_code == 200, sent.text
        started = await client.post(f"/api/syncs/{plan['sync']}/start")
        assert started.status_code == 202, started.text
        await self.work()
        return plan | {"job": (await client.get(f"/api/jobs/{started.json()['job']['id']}")).json()}
