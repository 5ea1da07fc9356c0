"""Files as they come in and go."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.batches.conftest import PRINCIPAL, Site, jsonl, once, request

from stoa.adapters.database.files import FileTable
from stoa.adapters.database.opening import opener
from stoa.batches.files import ABANDONED_MS, Files
from stoa.domain.files import Purpose, StoredFile, blob_name
from stoa.errors import Conflict, InvalidRequest, TooLarge


def file(name: str = "f1", purpose: Purpose = "user_data", *, expires_at: int | None = None, created_at: int = 1) -> StoredFile:
    return StoredFile(
        id=name, team="red", key_id="k1", user_id=None, acl=PRINCIPAL.acl, filename="a.txt", purpose=purpose, bytes=0,
        state="pending", created_at=created_at, expires_at=expires_at,
    )  # fmt: skip


@pytest.fixture
def files(site: Site) -> Files:
    return Files(write=opener(site.database.write, FileTable), blobs=site.blobs, most_bytes=5000, now_ms=lambda: site.now)


async def row(site: Site, name: str = "f1") -> StoredFile | None:
    async with site.database.read() as connection:
        return await FileTable(connection).get(name)


async def test_a_file_is_kept_and_taken_away(site: Site, files: Files) -> None:
    kept = await files.take(file(), once(b"x" * 3000))
    assert kept == await row(site)
    assert (kept.state, kept.bytes) == ("ready", 3000)
    await files.remove(kept)
    assert await row(site) is None
    assert await site.blobs.get(blob_name("f1")) is None


async def _broken() -> AsyncIterator[bytes]:
    yield b"x" * 100
    raise ConnectionResetError


async def _cancelled() -> AsyncIterator[bytes]:
    yield b"x" * 100
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("pieces", "purpose", "error"),
    [
        (_broken(), "user_data", ConnectionResetError),
        (_cancelled(), "user_data", asyncio.CancelledError),
        (once(b"x" * 5001), "user_data", TooLarge),
        (once(b""), "user_data", InvalidRequest),
        (once(b"What is this?\n"), "batch", InvalidRequest),
        (once(b'{"custom_id": "1"}'), "batch", InvalidRequest),
    ],
)
async def test_what_breaks_off_or_is_refused_leaves_nothing(
    site: Site, files: Files, pieces: AsyncIterator[bytes], purpose: Purpose, error: type[BaseException]
) -> None:
    with pytest.raises(error):
        await files.take(file(purpose=purpose), pieces)
    assert await row(site) is None
    assert await site.blobs.get(blob_name("f1")) is None


async def test_the_first_line_of_a_batch_is_looked_at_and_the_fault_is_named(files: Files) -> None:
    with pytest.raises(InvalidRequest, match="one JSON request a line") as caught:
        await files.take(file(purpose="batch"), once(jsonl([request(1, method="GET")])))
    assert (caught.value.code, caught.value.param) == ("invalid_method", "file")
    assert (await files.take(file("f2", "batch"), once(jsonl([request(1), request(1)])))).state == "ready"


async def test_a_file_that_a_batch_reads_is_not_taken_away(site: Site, files: Files) -> None:
    batch = await site.batch(jsonl([request(1)]))
    kept = await row(site, batch.input_file_id)
    assert kept is not None
    with pytest.raises(Conflict, match=batch.id):
        await files.remove(kept)


async def test_what_expired_or_was_abandoned_is_cleared_away(site: Site, files: Files) -> None:
    site.now = ABANDONED_MS + 10
    await files.take(file("expired", expires_at=site.now), once(b"x"))
    await files.take(file("stays", expires_at=site.now + 1), once(b"x"))
    async with site.database.write() as connection:
        await FileTable(connection).add(file("abandoned", created_at=1))
        await FileTable(connection).add(file("coming", created_at=site.now))
    assert await files.clear() == 2
    left = [name for name in ("expired", "stays", "abandoned", "coming") if await row(site, name)]
    assert left == ["stays", "coming"]
    assert await site.blobs.get(blob_name("expired")) is None
