"""The file that the gateway workers of one machine map: its layout, and the lock on it.

A worker may be killed between any two instructions. The lock is the kernel's and goes with its holder; every write is one
aligned number, and their order leaves a table that is whole after each of them. What a killed worker had taken stays counted.
Limits: one machine, and a file system that can be mapped.
"""

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

from stoa.errors import OperatorError

NAME_BYTES = 16
SECONDS = 61  # counters of a window: whole seconds that together cover at least any sixty
SLOT_BYTES = NAME_BYTES + 8 + 4 * SECONDS + 4  # name, second, counters, padding to a multiple of 8
BUCKETS, WAYS = 1024, 32  # 32,768 limits of sixty seconds that are in use within one minute
SUM_BUCKETS, SUM_WAYS = 1024, 16  # 16,384 budgets, limits of a day and limits of what is under way
SUM_BYTES = NAME_BYTES + 8 * 4  # name; when it ends, its kind, what is known beyond what workers told, what the dead held

_MAGIC = b"stoa-lim"
_HEADER = struct.Struct("=8sIIIII")
_HEADER_BYTES = 64
PATIENCE_S = 0.02
"""How long a lock is waited for: it is held for microseconds, unless its holder is frozen."""
_GIVEN_UP_S = 1.0
"""How long a lock that was not had in time is not tried again."""


class LimitsFile:
    """One worker's mapping. `worker` counts from 1 to `workers`; all must name the same sizes."""

    def __init__(
        self, path: Path, *, worker: int, workers: int, buckets: int = BUCKETS, ways: int = WAYS,
        sum_buckets: int = SUM_BUCKETS, sum_ways: int = SUM_WAYS,
    ) -> None:  # fmt: skip
        self.worker, self.workers = worker, workers
        self.buckets, self.ways = buckets, ways
        self.sum_buckets, self.sum_ways = sum_buckets, sum_ways
        self.sum_bytes = SUM_BYTES + workers * 16  # of each worker what came to an end, and what it holds
        self._sums = _HEADER_BYTES + buckets * ways * SLOT_BYTES
        size = self._sums + sum_buckets * sum_ways * self.sum_bytes
        header = _HEADER.pack(_MAGIC, workers, buckets, ways, sum_buckets, sum_ways)
        self._descriptor = _opened(path, header, size)
        self.view = memoryview(mmap.mmap(self._descriptor, size))
        self._given_up = 0.0
        self._closed = False
        self.waited: Callable[[float], None] = lambda seconds: None
        """Told how long the lock was waited for, when it was."""

    def close(self) -> None:
        """The mapping itself goes with the last who looks into it."""
        self._closed = True
        os.close(self._descriptor)

    def slot(self, bucket: int, way: int) -> int:
        """Where a ring lies."""
        return _HEADER_BYTES + (bucket * self.ways + way) * SLOT_BYTES

    def sum_slot(self, bucket: int, way: int) -> int:
        """Where a sum lies."""
        return self._sums + (bucket * self.sum_ways + way) * self.sum_bytes

    def lock(self) -> bool:
        """Take the lock; False when its holder does not let go, for which nobody shall hang."""
        if self._closed:
            return False
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
            return True
        except (BlockingIOError, PermissionError):
            return self._wait()

    def unlock(self) -> None:
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1)

    def _wait(self) -> bool:
        now = time.monotonic()
        if now < self._given_up:
            return False
        until = now + PATIENCE_S
        while time.monotonic() < until:
            time.sleep(0.0001)
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
            except (BlockingIOError, PermissionError):
                continue
            self._given_up = 0.0
            self.waited(time.monotonic() - now)
            return True
        self._given_up = time.monotonic() + _GIVEN_UP_S
        self.waited(time.monotonic() - now)
        return False


def _opened(path: Path, header: bytes, size: int) -> int:
    """The file, made by whoever comes first. One of another form is replaced, never changed under those who map it."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return _made(path, header, size)
        if os.pread(descriptor, len(header), 0) == header and os.fstat(descriptor).st_size == size:
            return descriptor
        os.close(descriptor)
        return _made(path, header, size)
    except OSError as error:
        raise OperatorError(
            f"The file in which gateway workers count together, {str(path)!r}, cannot be made: {error.strerror}. "
            "Make room for it, or start with: --workers 1"
        ) from None
    finally:
        os.close(folder)


def _made(path: Path, header: bytes, size: int) -> int:
    """Its room is taken at once: a disk that fills up later must not kill who writes into the mapping."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            os.ftruncate(descriptor, size)
        os.pwrite(descriptor, header, 0)
    except BaseException:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor
