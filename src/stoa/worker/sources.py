"""Sources in the worker: their syncs begin when they are due, or when a watched folder changes."""

import asyncio
import logging

from stoa.domain.sources import Folder
from stoa.wiring import Worker

LOOK_EVERY_S = 0.5

_log = logging.getLogger(__name__)


async def schedule_syncs(parts: Worker) -> None:
    """Look at all sources every now and then, for as long as the worker runs."""
    while True:
        try:
            await look(parts)
        except Exception:  # noqa: BLE001 - the database may be away for a while; what is due is due later too
            _log.exception("looking for sources that are due failed")
            await asyncio.sleep(2)
        await asyncio.sleep(LOOK_EVERY_S)


async def look(parts: Worker) -> None:
    """Begin what is due now."""
    applied = await parts.schedule.applied()
    parts.watch.keep(
        {
            each.source.name: each.source.origin
            for each in applied
            if isinstance(each.source.origin, Folder) and each.source.watch and not each.source.paused
        }
    )
    moved = parts.watch.moved
    for sync in await parts.schedule.begin_due(applied, moved):
        parts.watch.seen_to(sync.source)
        _log.info("sync %s of the source %s begins: %s", sync.id, sync.source, sync.cause)
