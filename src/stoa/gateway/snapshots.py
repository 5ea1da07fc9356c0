"""The newest snapshot: fetched from control, kept on disk, and started from there while control is away.

All workers of a machine keep one copy. A disk that is slow or full delays no snapshot.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from stoa.domain.snapshot import Snapshot
from stoa.domain.upstream import Fetch
from stoa.errors import ProviderError
from stoa.kit.files import write_atomic

log = logging.getLogger("stoa.gateway")

_LONGEST_RETRY_S = 1.0  # a revoked key must be gone within two seconds, also where control was away until now
_decode = msgspec.msgpack.Decoder(Snapshot).decode


class _Stamp(msgspec.Struct):
    """Which snapshot it is."""

    version: int
    made_at_ms: int


_decode_stamp = msgspec.msgpack.Decoder(_Stamp).decode


def read_copy(path: Path) -> Snapshot | None:
    """The snapshot that was kept, None when there is none of this version of Stoa."""
    try:
        return _decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        log.warning("the kept snapshot %s cannot be used: %s", path, error)
        return None


def keep_copy(path: Path, body: bytes) -> None:
    """Replace the copy, unless another worker has kept this one or a newer one. Blocks; raises OSError.

    Older is what has both a lower version and an earlier time: a restored database counts anew, clocks are set back.
    """
    new = _decode_stamp(body)
    lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = _stamp_of(path)
        if kept is None or not (kept.version >= new.version and kept.made_at_ms >= new.made_at_ms):
            write_atomic(path, body)
    finally:
        os.close(lock)


def _stamp_of(path: Path) -> _Stamp | None:
    try:
        return _decode_stamp(path.read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None


class _Keeping:
    """Keeps the copy beside the following: one at a time, the newest next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next: bytes | None = None
        self._task: asyncio.Task[None] | None = None

    def keep(self, body: bytes) -> None:
        self._next = body
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def end(self) -> None:
        """Until what there is has been kept."""
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while self._next is not None:
            body, self._next = self._next, None
            try:
                await asyncio.to_thread(keep_copy, self._path, body)
            except (OSError, msgspec.MsgspecError) as error:
                log.warning("the snapshot could not be kept in %s, it is served all the same: %s", self._path, error)


async def follow(
    fetch: Fetch,
    path: Path,
    version: int | None,
    swap: Callable[[Snapshot], None],
    *,
    heard: Callable[[], None] = lambda: None,
) -> None:
    """Until cancelled: wait for the next snapshot, swap it in, keep a copy. `version` is the one that is served.

    `heard` is told of every answer, also of the one that there is nothing new.
    """
    keeping = _Keeping(path)
    try:
        await _follow(fetch, keeping, version, swap, heard)
    finally:
        await keeping.end()


async def _follow(
    fetch: Fetch, keeping: _Keeping, version: int | None, swap: Callable[[Snapshot], None], heard: Callable[[], None]
) -> None:
    retry_s = 0.1
    while True:
        target = "/internal/snapshot" if version is None else f"/internal/snapshot?after={version}"
        try:
            status, body = await fetch("GET", target)
            if status == 200:
                snapshot = _decode(body)
                swap(snapshot)
                version = snapshot.version
                keeping.keep(body)
            elif status != 204:
                raise ProviderError(f"Control answered {status} to the question for a snapshot: {body[:300]!r}.")
        except Exception as error:
            expected = isinstance(error, (ProviderError, OSError, msgspec.MsgspecError))
            log.warning("no new snapshot, %s is served: %s", version, error, exc_info=None if expected else error)
            await asyncio.sleep(retry_s)
            retry_s = min(_LONGEST_RETRY_S, retry_s * 2)
        else:
            heard()
            retry_s = 0.1
