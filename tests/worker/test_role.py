"""The worker as a process: it takes queued jobs, survives being killed at any moment, and ends clean."""

import asyncio
import base64
import hashlib
import json
import os
import random
import signal
import socket
import sys
from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from stoa.adapters.database import Database
from stoa.adapters.database.desired import ResourceTable
from stoa.adapters.database.ledgers import DocumentRecords, JobRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.migrate import migrate
from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.processes.health import probe
from stoa.adapters.processes.runfile import RoleEntry, Roles, write_roles
from stoa.adapters.vectors.lance import LanceIndex
from stoa.domain.documents import Document, raw_name
from stoa.domain.identity import Rights
from stoa.domain.jobs import Job
from stoa.domain.resources import Collection
from stoa.domain.vectors import Hit
from stoa.knowledge import intake
from stoa.settings import Settings

pytestmark = pytest.mark.slow

ACL = frozenset({"team:company"})
EMBEDDER = HashingEmbedder(16)


def inherited() -> dict[str, str]:
    """Of the environment, no more than a process needs to run, and where compiled modules are kept."""
    return {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "PYTHONPYCACHEPREFIX") if name in os.environ}


@dataclass
class Site:
    """A home, its database, and an endpoint that embeds."""

    settings: Settings
    database: Database
    listener: socket.socket
    embedding: "Endpoint"

    @asynccontextmanager
    async def worker(self, **settings: str) -> AsyncGenerator[asyncio.subprocess.Process]:
        home = inherited() | {
            "STOA_HOME": self.settings.home,
            "STOA_WORKER__FOLDERS": ",".join(self.settings.worker.folders),
            **settings,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error::ResourceWarning", "-m", "stoa", "worker", "--fd", str(self.listener.fileno()),
            pass_fds=[self.listener.fileno()], env=home, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    async def queue(self, files: Mapping[str, bytes], objects: ObjectFolder | None = None) -> str:
        objects = objects or ObjectFolder.local(self.settings.home_folder.objects)
        kept = [intake.File(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in files.items()]
        for file in kept:
            await objects.put(raw_name(file.digest), files[file.path])
        async with self.database.write() as connection:
            queued = await intake.upload(
                DatabaseLibrary(connection), kept, collection="c", source="s", rights=Rights(ACL), by="test", now_ms=1
            )
        return queued.job.id

    async def job(self, job_id: str) -> Job:
        found = await JobRecords(self.database).get(job_id)
        assert found is not None
        return found

    async def until(self, job_id: str, reached: Callable[[Job], bool]) -> Job:
        async with asyncio.timeout(90):
            while not reached(job := await self.job(job_id)):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.02)
        return job

    async def indexed(self) -> list[Hit]:
        index = LanceIndex(str(self.settings.home_folder.vectors))
        (vector,) = await EMBEDDER.embed(["x"], team="company")
        hits = await index.dense("c", vector, acl=ACL, limit=10_000)
        await index.close()
        return list(hits)

    async def documents(self, job_id: str) -> list[Document]:
        return list(await DocumentRecords(self.database).of_job(job_id))


class Endpoint:
    """`/v1/embeddings` that takes its time, and may be out of order."""

    def __init__(self) -> None:
        self.pause_s = 0.0
        self.broken = False
        self.tokens = set[str]()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                fields = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:] if line)
                body = json.loads(await reader.readexactly(int(fields["content-length"])))
                self.tokens.add(fields["authorization"])
                await asyncio.sleep(self.pause_s)
                vectors = await EMBEDDER.embed(body["input"], team="company")
                data = [
                    {"index": n, "embedding": base64.b64encode(array("f", vector).tobytes()).decode()}
                    for n, vector in enumerate(vectors)
                ]
                answer = json.dumps({"data": data} if not self.broken else {"error": {"message": "It is asleep."}}).encode()
                status = b"503 Service Unavailable" if self.broken else b"200 OK"
                writer.write(b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status, len(answer), answer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    settings = Settings(home=str(tmp_path / "home"))
    settings.home_folder.prepare()
    await migrate(settings.database_url, settings.home_folder)
    endpoint = Endpoint()
    server = await asyncio.start_server(endpoint.answer, "127.0.0.1", 0)
    listener = socket.create_server(("127.0.0.1", 0))
    gateway = RoleEntry(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    worker = RoleEntry(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    write_roles(settings.home_folder, Roles(supervisor=1, gateway=gateway, control=gateway, engine=gateway, worker=worker))
    database = Database.open(settings.database_url)
    async with database.write() as connection:
        await ResourceTable(connection).save(Collection(name="c", team="company", chunk_tokens=32), now_ms=1, by="test")
    yield Site(settings, database, listener, endpoint)
    await database.close()
    listener.close()
    server.close()


def files(number: int) -> dict[str, bytes]:
    return {f"doc-{n:03}.md": (f"# Document {n}\n\n" + f"Sentence of document {n}. " * 20).encode() for n in range(number)}


async def test_a_worker_takes_a_job_says_that_it_is_ready_and_ends_clean(site: Site) -> None:
    job_id = await site.queue(files(3) | {"broken.pdf": b"%PDF-1.7 broken", "empty.txt": b""})
    async with site.worker() as process:
        job = await site.until(job_id, lambda job: job.ended_at is not None)
        health = await asyncio.to_thread(probe, f"http://127.0.0.1:{site.listener.getsockname()[1]}")
        process.send_signal(signal.SIGTERM)
        _, told = await asyncio.wait_for(process.communicate(), 20)
    assert health.ready
    assert process.returncode == 0, told.decode()
    assert all(json.loads(line)["level"] in ("info", "warning") for line in told.decode().splitlines()), told.decode()
    assert (job.state, job.total, job.done, job.failed) == ("succeeded", 5, 3, 2)
    assert all(token.startswith("bearer stoa-behalf.") for token in site.embedding.tokens)


async def test_killed_at_any_moment_it_finishes_with_each_document_once(site: Site) -> None:
    site.embedding.pause_s = 0.05
    job_id = await site.queue(files(100))
    dice, kills = random.Random(7), 0
    while kills < 4:
        async with site.worker() as process:
            await site.until(job_id, lambda job: job.state in ("running", "succeeded"))
            await asyncio.sleep(dice.uniform(0.0, 1.5))
            process.kill()
        kills += 1
    async with site.worker():
        job = await site.until(job_id, lambda job: job.ended_at is not None)
    documents, hits = await site.documents(job_id), await site.indexed()
    assert (job.state, job.total, job.done, job.failed) == ("succeeded", 100, 100, 0)
    assert [document.state for document in documents] == ["indexed"] * 100
    assert (
        len({hit.passage.id for hit in hits}) == len(hits) == sum(document.chunks or 0 for document in documents) == job.chunks
    )
    assert {hit.passage.document_id for hit in hits} == {document.id for document in documents}


async def test_an_embedding_model_that_is_away_is_waited_for_and_named(site: Site) -> None:
    site.embedding.broken = True
    job_id = await site.queue(files(2))
    async with site.worker():
        job = await site.until(job_id, lambda job: job.message is not None)
        assert job.state == "running"
        assert "It is asleep." in (job.message or "")
        site.embedding.broken = False
        job = await site.until(job_id, lambda job: job.ended_at is not None)
    assert (job.state, job.done, job.message) == ("succeeded", 2, None)


async def test_a_job_cancelled_under_way_stops_and_keeps_what_is_done(site: Site) -> None:
    site.embedding.pause_s = 0.3
    job_id = await site.queue(files(100))
    async with site.worker():
        await site.until(job_id, lambda job: job.done > 0)
        async with site.database.write() as connection:
            await DatabaseLibrary(connection).jobs.cancel(job_id)
        job = await site.until(job_id, lambda job: job.ended_at is not None)
    documents, hits = await site.documents(job_id), await site.indexed()
    done = {document.id for document in documents if document.state == "indexed"}
    assert job.state == "cancelled"
    assert 0 < len(done) == job.done < 100
    assert job.done + job.failed == 100
    assert {hit.passage.document_id for hit in hits} == done
