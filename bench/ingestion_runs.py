"""Ingestions that `bench/ingestion.py` measures, each in a process of its own: `python ingestion_runs.py JSON` prints JSON.

In: `{"home", "how": direct|native|ray, "embed": onnxruntime|openvino|hashing, "durable": bool, "every": int}`, the home holding
the documents that `prepare` put there. Out: a line `{"documents", "seconds", "own_mb", "files_mb", "others_mb"}` each time
that `every` more are done, and last `{"seconds", "documents", "failed", "chunks", "pages", "tokens", "peak_mb", "memory"}`, the
last of which is those lines.
"""

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from running import resident_mb
from stoa.adapters.database import Database
from stoa.adapters.database.indexes import IndexRecords
from stoa.adapters.database.ledgers import DocumentRecords, JobRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.migrate import migrate
from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.embedders.local import LocalEmbedder
from stoa.adapters.graph.folder import FolderGraph
from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.parsers.process import ParserProcesses
from stoa.adapters.vectors.opening import open_index
from stoa.domain.documents import raw_name
from stoa.domain.identity import Rights
from stoa.domain.passages import Embedder
from stoa.domain.resources import Collection
from stoa.kit.memory import few_arenas, large_blocks_apart
from stoa.knowledge import intake
from stoa.knowledge.ingest import Ingestion, IngestionPorts
from stoa.knowledge.linked import LinkedIndex
from stoa.settings import Settings, load
from stoa.wiring.processing import partitioned, pipeline

COLLECTION = Collection(name="bench", team="bench")
ACL = frozenset({"team:bench"})
WIDTH = 384


def settings_of(home: Path, **more: object) -> Settings:
    return load(environ={}, overrides={"home": str(home), **more}).settings


async def prepare(home: Path, files: Mapping[str, bytes]) -> str:
    """A home with a database in which these files are queued, and the job's id."""
    settings = settings_of(home)
    settings.home_folder.prepare()
    await migrate(settings.database_url, settings.home_folder)
    database, objects = Database.open(settings.database_url), ObjectFolder.local(settings.home_folder.objects)
    kept = [intake.File(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in files.items()]
    for some in (kept[n : n + 64] for n in range(0, len(kept), 64)):
        await asyncio.gather(*(objects.put(raw_name(file.digest), files[file.path]) for file in some))
    async with database.write() as connection:
        queued = await intake.upload(
            DatabaseLibrary(connection), kept, collection="bench", source="bench", rights=Rights(ACL), by="bench", now_ms=1
        )
    await database.close()
    return queued.job.id


class Watch:
    """Memory of this process and of those that it started, told as documents are done.

    `own_mb` (anonymous pages) is the middle of what was seen since the last time, so that it matters little what is just being
    put away. Of the moment are `files_mb`, which the machine may take back, and `others_mb`, all of the other processes.
    """

    def __init__(self, every: int) -> None:
        self._every, self._next, self._started = every, every, time.perf_counter()
        self._own: list[float] = []
        self.seen: list[dict[str, float]] = []

    def at(self, done: int) -> None:
        pid = os.getpid()
        self._own.append(resident_mb(pid, "RssAnon"))
        if done >= self._next:
            self._next += self._every
            others = sum(map(resident_mb, _started_by(pid)))
            here = {
                "documents": done,
                "own_mb": median(self._own),
                "files_mb": resident_mb(pid, "RssFile"),
                "others_mb": others,
            }
            self.seen.append(here | {"seconds": time.perf_counter() - self._started})
            self._own = []
            print(json.dumps(self.seen[-1]), flush=True)


async def run(asked: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON
    home = Path(asked["home"])
    local = asked["embed"] != "hashing" and asked["how"] != "direct"
    more: dict[str, object] = {"engine.runtime": asked["embed"]} if asked["embed"] != "hashing" else {}
    more |= {"worker.partition_embedding": "local"} if local else {}
    more |= {"worker.ray_address": "here"} if asked["how"] == "ray" else {}
    settings = settings_of(home, **more)
    if asked["how"] == "ray":
        import ray

        ray.init(num_cpus=2, include_dashboard=False, object_store_memory=150_000_000, log_to_driver=False)
    database, objects = Database.open(settings.database_url), ObjectFolder.local(settings.home_folder.objects)
    parser, index = ParserProcesses(), open_index(settings.vectors, settings.home_folder.vectors)
    embedder: Embedder = HashingEmbedder(WIDTH)
    if asked["embed"] != "hashing":
        embedder = LocalEmbedder(settings.home_folder.models, runtime=asked["embed"])
        await embedder.embed(["The first loads it."], team="bench")
    watch = Watch(asked.get("every", 1_000_000))

    async def collection(_: str) -> Collection:
        return COLLECTION

    ports = IngestionPorts(
        documents=Watched(database, watch),
        jobs=JobRecords(database),
        objects=objects,
        processor=pipeline(objects, parser),
        index=LinkedIndex(index, FolderGraph(settings.home_folder.graph)),
        embedder_of=lambda _: embedder,
        collection_of=collection,
        indexes=IndexRecords(database),
        partitioned=None if asked["how"] == "direct" else partitioned(settings, token=lambda _team: ""),
    )
    started = time.perf_counter()
    await _work(Ingestion(ports), asked["job"], settings, durable=asked.get("durable", False))
    seconds = time.perf_counter() - started
    job = await ports.jobs.get(asked["job"])
    assert job is not None
    assert job.state == "succeeded", job.message
    await parser.close()
    await index.close()
    await database.close()
    return {
        "seconds": seconds, "documents": job.done, "failed": job.failed, "chunks": job.chunks, "pages": job.pages,
        "tokens": job.tokens, "peak_mb": resident_mb(os.getpid(), "VmHWM"), "memory": watch.seen,
    }  # fmt: skip


class Watched(DocumentRecords):
    """The ledger, counting what is recorded."""

    def __init__(self, database: Database, watch: Watch) -> None:
        super().__init__(database)
        self._watch, self._done = watch, 0

    async def record(self, job_id: str, collection: str, outcomes: Sequence[Any], **more: Any) -> None:  # Any: passed through
        await super().record(job_id, collection, outcomes, **more)
        self._done += len(outcomes)
        self._watch.at(self._done)


async def _work(work: Ingestion, job_id: str, settings: Settings, *, durable: bool) -> None:
    if durable:
        from stoa.adapters.jobs.durable import DurableRunner

        runner = DurableRunner(settings.jobs_database_url, {"ingest": work})
        await runner.start()
        await runner.submit("ingest", job_id, lane="bench")
        database = Database.open(settings.database_url)
        while (job := await JobRecords(database).get(job_id)) is None or job.ended_at is None:  # noqa: ASYNC110 - another's
            await asyncio.sleep(0.05)
        await database.close()
        await runner.close()
        return
    for part in await work.plan(job_id):
        await work.part(job_id, part)
    await work.finish(job_id, None)


def _started_by(pid: int) -> list[int]:
    """Processes that this one started, and those that they did."""
    own = [int(each) for path in Path(f"/proc/{pid}/task").glob("*/children") for each in path.read_text().split()]
    return own + [other for each in own for other in _started_by(each)]


if __name__ == "__main__":
    few_arenas()  # as the worker does
    large_blocks_apart()
    print(msgspec.json.encode(asyncio.run(run(json.loads(sys.argv[1])))).decode())
