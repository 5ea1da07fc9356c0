"""Files and batches, the same on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from stoa.adapters.database import Database
from stoa.adapters.database.batches import BatchRecords, BatchTable
from stoa.adapters.database.files import FileTable
from stoa.adapters.database.jobs import JobTable
from stoa.adapters.database.stores import DatabaseStores
from stoa.domain.batches import Batch, Fault, Progress, job_of
from stoa.domain.files import StoredFile
from stoa.domain.jobs import Job
from stoa.domain.keys import Key
from stoa.domain.teams import Team
from stoa.domain.users import User

RED = frozenset({"team:red"})
FILE = StoredFile(
    id="file-1", team="red", key_id="k1", user_id=None, acl=RED, filename="a b.jsonl", purpose="batch", bytes=0,
    state="pending", created_at=10,
)  # fmt: skip
BATCH = Batch(
    id="batch_1", team="red", key_id="k1", user_id=None, acl=RED, endpoint="/v1/embeddings", input_file_id="file-1",
    metadata={"a": "b"}, status="validating", created_at=10, expires_at=1000,
)  # fmt: skip
OUTPUT = msgspec.structs.replace(FILE, id="file-1-output", purpose="batch_output", state="ready", bytes=9)
KEY = Key(id="k1", name="app", kind="inference", digest="d", hint="h", team="red", created_by="u1", created_at_ms=1)


def job(name: str = "job_1", *, team: str | None = "red") -> Job:
    return Job(
        id=name, kind="batch", collection=None, state="queued", total=0, done=0, failed=0, pages=0, chunks=0, message=None,
        created_by="k1", created_at=10, team=team,
    )  # fmt: skip


@pytest.fixture
async def teams(database: Database) -> Database:
    async with database.write() as connection:
        stores = DatabaseStores(connection)
        for name in ("red", "blue"):
            await stores.teams.save(Team(name=name, monthly_budget=None, created_at_ms=1))
        await stores.keys.save(KEY)
    return database


@pytest.fixture
async def queued(teams: Database) -> Database:
    """A batch and its job."""
    async with teams.write() as connection:
        await FileTable(connection).add(FILE)
        await BatchTable(connection).add(BATCH)
        await JobTable(connection).add(job())
    return teams


async def test_a_file_comes_back_as_it_was_added_and_is_completed_once(teams: Database) -> None:
    async with teams.write() as connection:
        files = FileTable(connection)
        await files.add(FILE)
        assert await files.get("file-1") == FILE
        assert await files.complete("file-1", size=7)
        assert not await files.complete("file-1", size=8)
        assert await files.get("file-1") == msgspec.structs.replace(FILE, state="ready", bytes=7)
        assert await files.drop("file-1")
        assert not await files.drop("file-1")
        assert await files.get("file-1") is None


async def test_files_are_listed_for_those_who_hold_every_tag(teams: Database) -> None:
    def one(name: str, at: int, **changes: object) -> StoredFile:
        return msgspec.structs.replace(FILE, id=name, created_at=at, state="ready", **changes)

    hidden = one("f4", 4, acl=RED | {"group:hr"})
    async with teams.write() as connection:
        files = FileTable(connection)
        for file in (
            one("f1", 1), one("f2", 2, purpose="evals"), one("f3", 2), hidden, one("f5", 5, expires_at=100),
            one("f6", 6, team="blue"), msgspec.structs.replace(FILE, id="f7"), one("f8", 8, acl=frozenset[str]()),
        ):  # fmt: skip
            await files.add(file)

        async def listed(acl: frozenset[str] = RED, now_ms: int = 99, **asked: object) -> Sequence[str]:
            options = {"purpose": None, "descending": False, "after": None, "limit": 10} | asked
            return [file.id for file in await files.page(team="red", acl=acl, now_ms=now_ms, **options)]  # type: ignore[arg-type]

        assert await listed() == ["f1", "f2", "f3", "f5", "f8"]
        assert await listed(descending=True) == ["f8", "f5", "f3", "f2", "f1"]
        assert await listed(RED | {"group:hr", "group:lab"}) == ["f1", "f2", "f3", "f4", "f5", "f8"]
        assert await listed(frozenset()) == ["f8"]
        assert await listed(now_ms=100) == ["f1", "f2", "f3", "f8"]
        assert await listed(purpose="evals") == ["f2"]
        assert await listed(after="f2", limit=2) == ["f3", "f5"]
        assert await listed(after="f3", limit=2, descending=True) == ["f2", "f1"]


async def test_a_file_that_a_batch_reads_is_in_use_until_the_batch_has_ended(queued: Database) -> None:
    async with queued.write() as connection:
        files = FileTable(connection)
        assert await files.in_use("file-1") == "batch_1"
        assert await files.outdated(now_ms=100, begun_before_ms=50, limit=9) == []
        await BatchTable(connection).advance("batch_1", "failed", now_ms=50)
        assert await files.in_use("file-1") is None
        assert await files.outdated(now_ms=100, begun_before_ms=50, limit=9) == ["file-1"]
        assert await files.outdated(now_ms=100, begun_before_ms=10, limit=9) == []


async def test_a_batch_comes_back_as_it_was_added(queued: Database) -> None:
    async with queued.read() as connection:
        assert await BatchTable(connection).get("batch_1") == BATCH
        assert (await JobTable(connection).get("job_1")) == job()
        assert await BatchTable(connection).get("batch_2") is None


async def test_batches_are_paged_newest_first_for_those_who_hold_every_tag(teams: Database) -> None:
    async with teams.write() as connection:
        batches = BatchTable(connection)
        for name, at, acl in (("b1", 1, RED), ("b2", 2, RED), ("b3", 2, RED), ("b4", 4, RED | {"group:hr"})):
            await batches.add(msgspec.structs.replace(BATCH, id=name, created_at=at, acl=acl))
        await batches.add(msgspec.structs.replace(BATCH, id="b5", team="blue"))
        assert [b.id for b in await batches.page(team="red", acl=RED, after=None, limit=9)] == ["b3", "b2", "b1"]
        assert [b.id for b in await batches.page(team="red", acl=RED, after="b3", limit=1)] == ["b2"]


async def test_a_batch_that_stops_does_not_go_on_and_one_that_ended_stays_so(queued: Database) -> None:
    async with queued.write() as connection:
        batches = BatchTable(connection)
        assert await batches.advance("batch_1", "in_progress", now_ms=20)
        assert await batches.advance("batch_1", "cancelling", now_ms=30)
        assert not await batches.advance("batch_1", "finalizing", now_ms=40)
        assert await batches.advance("batch_1", "cancelled", now_ms=50)
        assert not await batches.advance("batch_1", "completed", now_ms=60)
        found = await batches.get("batch_1")
    assert found == msgspec.structs.replace(BATCH, status="cancelled", in_progress_at=20, cancelling_at=30, cancelled_at=50)


async def test_progress_shows_in_the_batch_and_in_its_job(queued: Database) -> None:
    ledger = BatchRecords(queued)
    assert await ledger.start("batch_1")
    await ledger.begin("batch_1", total=5, now_ms=20)
    progress = Progress(segments=2, completed=3, failed=1, input_tokens=9, output_tokens=8, message="4 of 5")
    await ledger.record("batch_1", progress)
    batch, its_job = await ledger.get("batch_1"), await ledger.job("batch_1")
    assert batch is not None
    assert its_job is not None
    assert (batch.status, batch.total, batch.completed, batch.failed, batch.segments) == ("in_progress", 5, 3, 1, 2)
    assert (batch.input_tokens, batch.output_tokens) == (9, 8)
    assert (its_job.state, its_job.total, its_job.done, its_job.failed, its_job.message) == ("running", 5, 3, 1, "4 of 5")


async def test_batch_job_and_files_are_closed_together_and_once(queued: Database) -> None:
    ledger = BatchRecords(queued)
    await ledger.start("batch_1")
    await ledger.blame("batch_1", [Fault("a", "b", "c", 1), Fault("d", "e")])
    for now_ms in (70, 80):
        await ledger.close("batch_1", "failed", files={"output_file_id": OUTPUT}, failed=2, message="It failed.", now_ms=now_ms)
    batch, its_job = await ledger.get("batch_1"), await ledger.job("batch_1")
    assert batch is not None
    assert its_job is not None
    assert (batch.status, batch.failed_at, batch.output_file_id, batch.failed) == ("failed", 70, OUTPUT.id, 2)
    assert batch.errors == (Fault("a", "b", "c", 1), Fault("d", "e"))
    assert (its_job.state, its_job.message, its_job.ended_at, its_job.failed) == ("failed", "It failed.", 70, 2)
    async with queued.read() as connection:
        assert await FileTable(connection).get(OUTPUT.id) == OUTPUT


async def test_either_the_one_who_cancels_or_the_one_who_begins_has_the_job(queued: Database) -> None:
    async def cancel() -> bool:
        async with queued.write() as connection:
            return await JobTable(connection).cancel_queued("job_1", now_ms=5)

    cancelled, began = await asyncio.gather(cancel(), BatchRecords(queued).start("batch_1"))
    assert cancelled != began


async def test_an_owner_who_is_gone_holds_no_tags(teams: Database) -> None:
    ledger = BatchRecords(teams)
    assert await ledger.owner_acl(BATCH, now_ms=5) == RED | {"public"}
    by_user = msgspec.structs.replace(BATCH, key_id=None, user_id="u1")
    assert await ledger.owner_acl(by_user, now_ms=5) is None
    async with teams.write() as connection:
        stores = DatabaseStores(connection)
        await stores.keys.save(msgspec.structs.replace(KEY, expires_at_ms=5))
        await stores.users.save(User(id="u1", name="ann", display_name="Ann", team="red", created_at_ms=1))
    assert await ledger.owner_acl(BATCH, now_ms=5) is None
    assert await ledger.owner_acl(by_user, now_ms=5) == RED | {"public", "user:ann"}


async def test_jobs_are_listed_by_collection_and_by_team(teams: Database) -> None:
    async with teams.write() as connection:
        jobs = JobTable(connection)
        await jobs.add(job("job_1"))
        await jobs.add(job("job_2", team="blue"))
        await jobs.add(msgspec.structs.replace(job("job_3", team=None), collection="c"))
        assert [each.id for each in await jobs.page(collections=["c"], teams=["red"])] == ["job_3", "job_1"]
        assert [each.id for each in await jobs.page()] == ["job_3", "job_2", "job_1"]
        assert [each.lane for each in await jobs.page()] == ["c", "blue", "red"]


def test_a_batch_and_its_job_have_the_same_number() -> None:
    assert job_of("batch_01x") == "job_01x"
