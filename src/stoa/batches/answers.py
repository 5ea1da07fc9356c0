"""The answers of a batch, kept in segments: each is one object, and counts once the batch's row says so.

A process that dies loses at most the answers since the last segment, and those lines are asked again. A segment that was
written but is not in the row is written over, so no line is kept twice.
"""

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from stoa.batches.asking import Reply
from stoa.batches.lines import lines
from stoa.domain.batches import Batch, BatchLedger, Progress
from stoa.domain.files import Blobs

HELD_BYTES = 4 << 20
"""Answers that wait to be stored; more must wait to be given."""
_LONGEST = 1 << 30


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """An answer: the number of the line, whether it goes into the output, and the output's line."""

    number: int
    good: bool
    line: msgspec.Raw


_decode = msgspec.json.Decoder(Kept).decode


class Answers:
    """What is answered in one run, on top of what earlier runs stored."""

    def __init__(self, batch: Batch, *, blobs: Blobs, ledger: BatchLedger) -> None:
        self._batch_id, self._blobs, self._ledger = batch.id, blobs, ledger
        self._stored = Progress(
            segments=batch.segments,
            completed=batch.completed,
            failed=batch.failed,
            input_tokens=batch.input_tokens,
            output_tokens=batch.output_tokens,
            cost_nano_usd=batch.cost_nano_usd,
            unknown_cost_lines=batch.unknown_cost_lines,
        )
        self._held: list[tuple[Kept, Reply]] = []
        self._bytes = 0
        self._room = asyncio.Event()
        self._room.set()

    @property
    def count(self) -> int:
        """Lines that are stored."""
        return self._stored.completed + self._stored.failed

    @property
    def held(self) -> int:
        return len(self._held)

    async def add(self, number: int, reply: Reply) -> None:
        await self._room.wait()
        self._held.append((Kept(number, reply.good, msgspec.Raw(reply.line)), reply))
        self._bytes += len(reply.line)
        if self._bytes > HELD_BYTES:
            self._room.clear()

    async def store(self, message: str | None) -> None:
        """Make what was added durable. When that fails, all of it is still held and can be stored again."""
        taken = list(self._held)
        if taken:
            data = b"\n".join([msgspec.json.encode(kept) for kept, _ in taken])
            await self._blobs.write(segment_name(self._batch_id, self._stored.segments), _once(data))
        now = self._stored
        replies = [reply for _, reply in taken]
        good = sum(reply.good for reply in replies)
        then = Progress(
            segments=now.segments + bool(taken),
            completed=now.completed + good,
            failed=now.failed + len(taken) - good,
            input_tokens=now.input_tokens + sum(reply.tokens[0] for reply in replies),
            output_tokens=now.output_tokens + sum(reply.tokens[1] for reply in replies),
            cost_nano_usd=now.cost_nano_usd + sum(reply.cost_nano_usd or 0 for reply in replies),
            unknown_cost_lines=now.unknown_cost_lines + sum(reply.cost_nano_usd is None for reply in replies),
            message=message,
        )
        await self._ledger.record(self._batch_id, then)
        self._stored = then
        del self._held[: len(taken)]
        self._bytes = sum(len(kept.line) for kept, _ in self._held)
        self._room.set()


async def kept_of(batch: Batch, blobs: Blobs) -> AsyncGenerator[Kept]:
    """Every answer that is stored, each line once."""
    seen: set[int] = set()
    for number in range(batch.segments):
        pieces = await blobs.read(segment_name(batch.id, number))
        assert pieces is not None, f"segment {number} of {batch.id} is in the row but not in the object store"
        async for line in lines(pieces, most_bytes=_LONGEST):
            kept = _decode(line.data)
            if kept.number not in seen:
                seen.add(kept.number)
                yield kept


async def sweep(batch: Batch, blobs: Blobs) -> None:
    """Take the segments away, the unrecorded one included."""
    for number in range(batch.segments + 1):
        await blobs.delete(segment_name(batch.id, number))


def segment_name(batch_id: str, number: int) -> str:
    return f"batches/{batch_id}/{number:06}"


async def _once(data: bytes) -> AsyncGenerator[bytes]:
    yield data
