"""A company with a collection, people of several rights, and the worker's and the gateway's parts played in this process."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from stoa.adapters.database.ledgers import Collections, DocumentRecords, JobRecords
from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.graph.memory import MemoryGraph
from stoa.adapters.jobs.memory import MemoryRunner
from stoa.adapters.parsers.direct import DirectParser
from stoa.adapters.parsers.words import WordSplitter
from stoa.adapters.triples.folder import FolderLedgers
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.knowledge.ingest import Ingestion, IngestionPorts
from stoa.knowledge.linked import LinkedIndex
from stoa.knowledge.retrieve import HybridRetriever
from stoa.knowledge.stated import StatedIndex


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

    async def work(self) -> None:
        """Do every job there is."""
        database, home = self.running.parts.database, self.running.parts.settings.home_folder
        ports = IngestionPorts(
            documents=DocumentRecords(database), jobs=JobRecords(database), objects=self.running.parts.objects,
            parser=DirectParser(), splitter=WordSplitter(),
            index=StatedIndex(LinkedIndex(self.index, self.graph), FolderLedgers(home.triples)),
            embedder_of=lambda _: self.embedder,
            collection_of=Collections(database).get,
        )  # fmt: skip
        runner = MemoryRunner({"ingest": Ingestion(ports)})
        for job in await ports.jobs.unfinished():
            await runner.submit(job.kind, job.id, lane="x")
        await runner.drained()

    async def upload(self, files: Mapping[str, bytes], *, groups: str = "", by: httpx.AsyncClient | None = None) -> Any:
        sent = [("files", (name, data)) for name, data in files.items()]
        answer = await (by or self.hana).post("/api/collections/handbook/documents", files=sent, data={"groups": groups})
        assert answer.status_code == 202, answer.text
        await self.work()
        return answer.json()

    async def find(self, question: str, *tags: str) -> list[str]:
        retriever = HybridRetriever(self.index, lambda _: self.embedder)
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
