"""The usage log on disk: one owner, appended by the event loop, flushed to the platter by a thread of its own."""

import asyncio
import contextlib
import fcntl
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from stoa.adapters.wal.frames import Segment, facts_in, frame_of, joined, read_at, segment_path, segments, valid_bytes
from stoa.domain.costs import add_costs
from stoa.domain.periods import Window
from stoa.domain.usage import Batch, Costs, Kept, Told, UsageFact
from stoa.errors import Busy, OperatorError
from stoa.kit.files import write_atomic

log = logging.getLogger("stoa.usage")

_SYNC_S = 0.2
_BATCH_BYTES = 262_144
_MOST_TOLD = 20_000  # sums that are remembered, the highest first


class _State(msgspec.Struct, frozen=True):
    """What is remembered beside the frames."""

    position: int = 0
    as_of_ms: int = 0
    told: tuple[Told, ...] = ()
    spend: dict[str, int] = {}
    """What versions before `told` noted: known costs by team, of the month of `as_of_ms`."""


class DiskLog:
    """Implements `domain.usage.UsageLog` in a folder.

    A fact survives the process as soon as `append` returns, and the machine after the next flush, 0.2 s later. Raises Busy
    when another process owns the folder.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = 67_108_864) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._lock = _own(folder)
        self._state_path = folder / "shipped.msgpack"
        state = self._read_state()
        self._segments, self._end, unshipped = _recover(folder, state.position)
        self._shipped = max(state.position, self._segments[0].start)
        self.kept = Kept(state.told or _told_by_team(state), state.as_of_ms, unshipped, self._end)
        self._file = self._open_last()
        self._retired: list[int] = []
        self._dirty = False
        self._stop = threading.Event()
        self._flusher = threading.Thread(target=self._flush_regularly, name="usage-log-flush", daemon=True)
        self._flusher.start()

    def append(self, facts: Sequence[UsageFact]) -> int:
        frame = frame_of(facts)
        start = self._segments[-1].start
        if self._end - start >= self._segment_bytes:
            self._rotate()
            start = self._end
        try:
            written = os.write(self._file, frame)
            if written != len(frame):
                raise OSError(f"only {written} of {len(frame)} bytes could be written")
        except OSError as error:
            self._take_back(start)
            raise OperatorError(
                f"The usage log in {str(self._folder)!r} cannot be written: {error.strerror or error}. Requests are refused, "
                "so that none goes unaccounted; free some disk space.",
                code="usage_log_full",
            ) from error
        self._dirty = True
        self._end += len(frame)
        return self._end

    def next_batch(self) -> Batch | None:
        while self._shipped < self._end:
            segment, end = self._segment_at(self._shipped)
            size = min(_BATCH_BYTES, end - self._shipped)
            data = read_at(segment.path, self._shipped - segment.start, size)
            facts, used, needed = joined(data, size)
            if needed:
                data = read_at(segment.path, self._shipped - segment.start, min(needed, end - self._shipped))
                facts, used, _ = joined(data, needed)
            if used:
                return Batch(facts, self._shipped + used)
            self._shipped = end  # a torn end that a failed write left behind
        return None

    async def shipped(self, position: int, *, told: Sequence[Told], as_of_ms: int) -> None:
        if len(told) > _MOST_TOLD:
            told = sorted(told, key=lambda each: -each.nano_usd)[:_MOST_TOLD]
        state = msgspec.msgpack.encode(_State(position, as_of_ms, tuple(told)))
        await asyncio.to_thread(write_atomic, self._state_path, state)
        self._shipped = position
        while len(self._segments) > 1 and self._segments[1].start <= position:
            self._segments.pop(0).path.unlink(missing_ok=True)

    @property
    def backlog_bytes(self) -> int:
        return self._end - self._shipped

    def close(self) -> None:
        """Flush and give the folder free."""
        self._stop.set()
        self._flusher.join()
        self._flush()
        os.close(self._file)
        os.close(self._lock)

    def _rotate(self) -> None:
        segment = Segment(segment_path(self._folder, self._end), self._end)
        try:
            descriptor = os.open(segment.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError:
            return  # goes on in the present file
        self._retired.append(self._file)  # the flusher flushes and closes it
        self._file = descriptor
        self._segments.append(segment)

    def _take_back(self, start: int) -> None:
        """After a failed write, leave nothing of it; a new file if even that fails."""
        try:
            os.ftruncate(self._file, self._end - start)
        except OSError:
            with contextlib.suppress(OSError):
                self._end = start + os.fstat(self._file).st_size
            self._rotate()

    def _segment_at(self, position: int) -> tuple[Segment, int]:
        """The file that holds a position, and where it ends."""
        for segment, following in zip(self._segments, [*self._segments[1:], None], strict=True):
            end = following.start if following else self._end
            if position < end:
                return segment, end
        return self._segments[-1], self._end

    def _open_last(self) -> int:
        return os.open(self._segments[-1].path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _read_state(self) -> _State:
        try:
            return msgspec.msgpack.decode(self._state_path.read_bytes(), type=_State)
        except FileNotFoundError:
            return _State()
        except msgspec.MsgspecError:
            return _State()  # everything is shipped again; control takes each fact once

    def _flush_regularly(self) -> None:
        while not self._stop.wait(_SYNC_S):
            self._flush()

    def _flush(self) -> None:
        while self._retired:
            old = self._retired[0]
            _flush_to_disk(old)
            os.close(old)
            self._retired.pop(0)
        if self._dirty:
            self._dirty = False
            _flush_to_disk(self._file)


def _told_by_team(state: _State) -> tuple[Told, ...]:
    month = Window("month")
    start = month.at(state.as_of_ms)
    return tuple(Told("team", team, month.period, start, cost) for team, cost in state.spend.items())


def _flush_to_disk(descriptor: int) -> None:
    try:
        os.fdatasync(descriptor)
    except OSError as error:
        log.error("the usage log cannot be flushed, so it would not survive a power cut: %s", error)


def _own(folder: Path) -> int:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Busy(
            f"Another gateway writes the usage log in {str(folder)!r}. Stop it, or give this one a home of its own."
        ) from None
    return descriptor


def _recover(folder: Path, shipped: int) -> tuple[list[Segment], int, Costs]:
    """The files, the position after the last whole frame, and what the facts not shipped cost. A torn end is cut off."""
    found = segments(folder) or [Segment(segment_path(folder, shipped), shipped)]
    end, unshipped = found[-1].start, Costs()
    for number, segment in enumerate(found):
        data = segment.path.read_bytes() if segment.path.exists() else b""
        valid = valid_bytes(data)
        if number == len(found) - 1:
            end = segment.start + valid
            if valid != len(data):
                os.truncate(segment.path, valid)
        if segment.start + valid > shipped:
            add_costs(facts_in(data[max(0, shipped - segment.start) : valid]), unshipped)
    if end < shipped:  # the machine died before the end was flushed: never use positions again that count as shipped
        found.append(Segment(segment_path(folder, shipped), shipped))
        end = shipped
    return found, end, unshipped
