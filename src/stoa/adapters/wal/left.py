"""Usage logs that workers have left which there are no more: shipped to the last fact, then removed."""

import asyncio
import logging
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from stoa.adapters.wal.log import DiskLog
from stoa.domain.usage import UsageSink
from stoa.errors import Busy, ProviderError

log = logging.getLogger("stoa.usage")

_RETRY_S = 2.0


async def ship_left(folders: Sequence[Path], sink: UsageSink, *, retry_s: float = _RETRY_S) -> None:
    """Return when nothing is left. A folder that another process still writes is passed over: it ships its own."""
    for folder in folders:
        try:
            left = await asyncio.to_thread(DiskLog, folder)
        except (Busy, OSError) as error:
            log.warning("the usage log in %s is left for the next start: %s", folder, error)
            continue
        try:
            await _ship(left, sink, retry_s)
        finally:
            await asyncio.to_thread(left.close)
        await asyncio.to_thread(shutil.rmtree, folder)
        log.info("the usage that a former worker left in %s is with control", folder)


async def _ship(left: DiskLog, sink: UsageSink, retry_s: float) -> None:
    while (batch := left.next_batch()) is not None:
        try:
            told = await sink.ship(batch.facts)
            await left.shipped(batch.position, told=told, as_of_ms=time.time_ns() // 1_000_000)
        except (ProviderError, OSError) as error:
            log.warning("usage that a former worker left cannot be shipped yet: %s", error)
            await asyncio.sleep(retry_s)
