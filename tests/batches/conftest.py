"""A worker's view of one batch: a database, an object store in memory, and a scripted gateway."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.tables import with_tables

from stoa.adapters.database import Database
from stoa.adapters.database.batches import BatchRecords, BatchTable
from stoa.adapters.database.files import FileTable
from stoa.adapters.database.jobs import JobTable
from stoa.adapters.database.stores import DatabaseStores
from stoa.adapters.gateway_client.scripted import AskedLine, ScriptedAsker
from stoa.adapters.objects.store import ObjectFolder
from stoa.batches.asking import Patience
from stoa.batches.order import order
from stoa.batches.run import BatchPorts, BatchWork
from stoa.domain.batches import Answered, Batch, job_of
from stoa.domain.files import StoredFile, blob_name
from stoa.domain.identity import Principal
from stoa.domain.jobs import Job
from stoa.domain.keys import Key
from stoa.domain.teams import Team

KEY = Key(id="k1", name="app", kind="inference", digest="d1", hint="…", team="red", created_by="u1", created_at_ms=1)
PRINCIPAL = Principal(kind="inference_key", id="k1", name="app", team="red", acl=KEY.tags({}, None))
CHAT = "/v1/chat/completions"


async def once(data: bytes, size: int = 100) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def request(number: int, **changes: Any) -> dict[str, Any]:
    body = {"model": "m", "messages": [{"role": "user", "content": f"Question {number}?"}]}
    return {"custom_id": f"c{number}", "method": "POST", "url": CHAT, "body": body} | changes


def jsonl(requests: Sequence[object]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in requests)


def good(line: AskedLine) -> Answered:
    content = json.loads(line.body)["messages"][0]["content"]
    body = {
        "choices": [{"message": {"content": f"Answer to {content}"}}],
        "usage": {"prompt_tokens": 2, "completion_tokens": 3},
    }
    return Answered(200, json.dumps(body, indent=1).encode(), line.request_id)


@dataclass
class Site:
    database: Database
    blobs: ObjectFolder
    ledger: BatchRecords
    now: int = 1_000

    async def batch(self, data: bytes, endpoint: str = CHAT, **changes: Any) -> Batch:
        file = StoredFile(
            id=f"file-{len(data)}", team="red", key_id="k1", user_id=None, acl=PRINCIPAL.acl, filename="in.jsonl",
            purpose="batch", bytes=len(data), state="ready", created_at=1,
        )  # fmt: skip
        await self.blobs.write(blob_name(file.id), once(data, 1000))
        async with self.database.write() as connection:
            await FileTable(connection).add(file)
            return await order(
                BatchTable(connection), JobTable(connection), by=PRINCIPAL, file=file, endpoint=endpoint, metadata=None,
                output_expires_s=None, now_ms=self.now, **changes,
            )  # fmt: skip

    def work(self, asker: ScriptedAsker, *, parallel: int = 4) -> BatchWork:
        patience = Patience(first_s=0.001, longest_s=0.002, unknown_s=0.01)
        return BatchWork(
            BatchPorts(
                ledger=self.ledger, blobs=self.blobs, asker=asker, now_ms=lambda: self.now, parallel=parallel,
                most_bytes=10_000, patience=patience,
            )
        )  # fmt: skip

    async def run(self, batch: Batch, asker: ScriptedAsker) -> Batch:
        work, error = self.work(asker), None
        try:
            for part in await work.plan(job_of(batch.id)):
                await work.part(job_of(batch.id), part)
        except Exception as failure:  # noqa: BLE001 - as a runner does
            error = str(failure)
        await work.finish(job_of(batch.id), error)
        return await self.now_of(batch)

    async def now_of(self, batch: Batch) -> Batch:
        found = await self.ledger.get(batch.id)
        assert found is not None
        return found

    async def job(self, batch: Batch) -> Job:
        found = await self.ledger.job(batch.id)
        assert found is not None
        return found

    async def until(self, batch: Batch, *, completed: int) -> None:
        async with asyncio.timeout(10):
            while (await self.now_of(batch)).completed < completed:  # noqa: ASYNC110 - a row tells it
                await asyncio.sleep(0.005)

    async def lines(self, file_id: str | None) -> list[Any]:
        """The lines of an output or error file."""
        assert file_id is not None
        pieces = await self.blobs.read(blob_name(file_id))
        assert pieces is not None
        data = b"".join([piece async for piece in pieces])
        async with self.database.read() as connection:
            file = await FileTable(connection).get(file_id)
        assert file is not None
        assert (file.bytes, file.purpose, file.state, file.team) == (len(data), "batch_output", "ready", "red")
        return [json.loads(line) for line in data.splitlines()]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    database = await with_tables(f"sqlite:///{tmp_path / 'stoa.sqlite'}")
    async with database.write() as connection:
        stores = DatabaseStores(connection)
        await stores.teams.save(Team(name="red", monthly_budget=None, created_at_ms=1))
        await stores.keys.save(KEY)
    yield Site(database, ObjectFolder.memory(), BatchRecords(database))
    await database.close()


@pytest.fixture
def asker() -> Callable[..., ScriptedAsker]:
    return lambda answer=good, **options: ScriptedAsker(answer, **options)
