"""Taking files in, giving them out, and clearing away what is over.

The row comes first, pending and seen by nobody; then the bytes, piece by piece; then the row is ready. So whatever breaks off
leaves nothing, or a row by which the bytes are found and cleared away.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import AbstractAsyncContextManager

import msgspec

from stoa.batches.lines import Line, fault_of
from stoa.domain.files import Blobs, FileStore, StoredFile, blob_name
from stoa.errors import Conflict, InvalidRequest, TooLarge

ABANDONED_MS = 6 * 3_600_000
"""An upload that was begun so long ago is not coming any more."""

_LOOKED_AT_BYTES = 1 << 20
_CLEARED_AT_ONCE = 100

_log = logging.getLogger(__name__)


class Files:
    """`write` opens one transaction over the rows; `most_bytes` is the largest file."""

    def __init__(
        self,
        *,
        write: Callable[[], AbstractAsyncContextManager[FileStore]],
        blobs: Blobs,
        most_bytes: int,
        now_ms: Callable[[], int],
    ) -> None:
        self._write, self._blobs, self._most_bytes, self._now_ms = write, blobs, most_bytes, now_ms

    async def take(self, file: StoredFile, pieces: AsyncIterable[bytes]) -> StoredFile:
        """Keep a pending file's bytes. Raises TooLarge, and InvalidRequest for an empty one or no beginning of a batch."""
        async with self._write() as files:
            await files.add(file)
        try:
            size = await self._blobs.write(blob_name(file.id), self._watched(file, pieces))
            if size == 0:
                raise InvalidRequest(f"The file {file.filename!r} is empty.", param="file", code="empty_file")
            async with self._write() as files:
                if not await files.complete(file.id, size=size):
                    raise Conflict(f"The file {file.id!r} was cleared away while it was sent; send it again.", param="file")
        except BaseException:
            await asyncio.shield(self._discard(file.id))
            raise
        return msgspec.structs.replace(file, state="ready", bytes=size)

    async def remove(self, file: StoredFile) -> None:
        """Raises Conflict while a batch reads it."""
        async with self._write() as files:
            if (batch := await files.in_use(file.id)) is not None:
                raise Conflict(f"The batch {batch!r} still reads the file {file.id!r}; cancel it first.", code="file_in_use")
            await files.drop(file.id)
        await self._blobs.delete(blob_name(file.id))

    async def clear(self) -> int:
        """Take away what has expired and what was abandoned; returns how many."""
        now = self._now_ms()
        async with self._write() as files:
            over = await files.outdated(now_ms=now, begun_before_ms=now - ABANDONED_MS, limit=_CLEARED_AT_ONCE)
        for file_id in over:
            await self._discard(file_id)
        return len(over)

    async def _discard(self, file_id: str) -> None:
        """Bytes first: a row without bytes is found again, bytes without a row are not."""
        await self._blobs.delete(blob_name(file_id))
        async with self._write() as files:
            await files.drop(file_id)

    async def _watched(self, file: StoredFile, pieces: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
        size, start = 0, b""
        looking = file.purpose == "batch"
        async for piece in pieces:
            size += len(piece)
            if size > self._most_bytes:
                raise TooLarge(f"The file is larger than {self._most_bytes:,} bytes (gateway.upload_bytes).", param="file")
            if looking:
                start += piece
                if b"\n" in start.lstrip() or len(start) > _LOOKED_AT_BYTES:
                    _look(start, whole=False)
                    looking, start = False, b""
            yield piece
        if looking and size:
            _look(start, whole=True)


def _look(start: bytes, *, whole: bool) -> None:
    """Whether the first line is one of a batch; all are checked when a batch is made of them."""
    first, found, _ = start.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    if not (found or whole):
        return  # a first line this long is judged with the rest
    fault = fault_of(Line(1, first.strip()), None)
    if fault is not None:
        raise InvalidRequest(
            f'A file for a batch holds one JSON request a line, such as {{"custom_id": "1", "method": "POST", "url": ..., '
            f'"body": {{...}}}}. First line: {fault.message}',
            param="file",
            code=fault.code,
        )
