"""The newest snapshot: fetched from control, kept on disk, and started from there while control is away."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from stoa.domain.snapshot import Snapshot
from stoa.domain.upstream import Fetch
from stoa.errors import ProviderError
from stoa.kit.files import write_atomic

log = logging.getLogger("stoa.gateway")

_LONGEST_RETRY_S = 2.0  # a revoked key must be gone within this
_decode = msgspec.msgpack.Decoder(Snapshot).decode


def read_copy(path: Path) -> Snapshot | None:
    """The snapshot that was kept, None when there is none of this version of Stoa."""
    try:
        return _decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        log.warning("the kept snapshot %s cannot be used: %s", path, error)
        return None


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
    retry_s = 0.1
    while True:
        target = "/internal/snapshot" if version is None else f"/internal/snapshot?after={version}"
        try:
            status, body = await fetch("GET", target)
            if status == 200:
                snapshot = _decode(body)
                swap(snapshot)
                version = snapshot.version
                await asyncio.to_thread(write_atomic, path, body)
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
