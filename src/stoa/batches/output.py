"""The files a batch ends with: what was answered well in one, everything else in the other."""

from collections.abc import AsyncGenerator, Callable

from stoa.batches.answers import kept_of
from stoa.batches.asking import Reply
from stoa.batches.lines import Request, lines, read
from stoa.domain.batches import Batch
from stoa.domain.files import Blobs, StoredFile, blob_name
from stoa.domain.identity import AccessTag

Missed = Callable[[int, Request], Reply]


async def write_output(batch: Batch, blobs: Blobs, *, acl: frozenset[AccessTag], now_ms: int) -> StoredFile | None:
    """The file of good answers, None when there is none. Writing it again writes the same file."""
    return await _write(batch, blobs, _good(batch, blobs), kind="output", acl=acl, now_ms=now_ms)


async def write_errors(
    batch: Batch, blobs: Blobs, *, missed: Missed | None, most_bytes: int, acl: frozenset[AccessTag], now_ms: int
) -> StoredFile | None:
    """The file of errors, None when there is none; `missed` makes those of lines that nobody came to, if they belong in it."""
    pieces = _bad(batch, blobs, missed, most_bytes)
    return await _write(batch, blobs, pieces, kind="errors", acl=acl, now_ms=now_ms)


async def _good(batch: Batch, blobs: Blobs) -> AsyncGenerator[bytes]:
    async for kept in kept_of(batch, blobs):
        if kept.good:
            yield bytes(kept.line) + b"\n"


async def _bad(batch: Batch, blobs: Blobs, missed: Missed | None, most_bytes: int) -> AsyncGenerator[bytes]:
    answered: set[int] = set()
    async for kept in kept_of(batch, blobs):
        answered.add(kept.number)
        if not kept.good:
            yield bytes(kept.line) + b"\n"
    pieces = await blobs.read(blob_name(batch.input_file_id)) if missed else None
    if missed and pieces is not None:
        async for line in lines(pieces, most_bytes=most_bytes):
            if line.number not in answered:
                yield missed(line.number, read(line)).line + b"\n"


async def _write(
    batch: Batch, blobs: Blobs, pieces: AsyncGenerator[bytes], *, kind: str, acl: frozenset[AccessTag], now_ms: int
) -> StoredFile | None:
    file_id = f"file-{batch.id.removeprefix('batch_')}-{kind}"
    size = await blobs.write(blob_name(file_id), pieces)
    if size == 0:
        await blobs.delete(blob_name(file_id))
        return None
    return StoredFile(
        id=file_id, team=batch.team, key_id=batch.key_id, user_id=batch.user_id, acl=acl, filename=f"{batch.id}_{kind}.jsonl",
        purpose="batch_output", bytes=size, state="ready", created_at=now_ms,
        expires_at=None if batch.output_expires_s is None else now_ms + batch.output_expires_s * 1000,
    )  # fmt: skip
