"""The worker role: takes the jobs that are queued in the database and has them done, durably.

A job is queued by whoever commits it together with its documents, so there is no moment at which one is there without the
other; this role looks for it and hands it to the runner, which keeps count of what is done.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from stoa.kit.logs import configure_logging
from stoa.kit.memory import give_back, large_blocks_apart
from stoa.knowledge.indexes.beside import KIND as REINDEX
from stoa.knowledge.intake import KIND as INGEST
from stoa.settings import Settings
from stoa.wiring import Worker, now_ms, worker
from stoa.worker.health import serve_health
from stoa.worker.sources import schedule_syncs

LOOK_EVERY_S = 0.25
CLEAR_EVERY_S = 60.0
KEEP_EVERY_S = 1.0
FORGET_EVERY_S = 6 * 3600.0
_DAY_MS = 86_400_000

_log = logging.getLogger(__name__)


def run(settings: Settings, listener: socket.socket) -> None:
    """Work until SIGTERM or SIGINT; answer /healthz and /readyz on a socket that was bound before."""
    configure_logging("worker", settings.log_level)
    large_blocks_apart()  # compacting an index makes many, between one partition of documents and the next
    asyncio.run(_run(settings, listener))


async def _run(settings: Settings, listener: socket.socket) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    not_ready = ["starting"]
    async with serve_health(listener, lambda: not_ready), worker(settings) as parts:
        not_ready.clear()
        _log.info("ready")
        tasks = (take_jobs(parts), clear_files(parts), schedule_syncs(parts), keep_indexes(parts), forget_jobs(parts))
        async with AsyncExitStack() as background:
            for task in tasks:
                await background.enter_async_context(_background(task))
            await stop.wait()
        not_ready.append("stopping")


async def take_jobs(parts: Worker) -> None:
    """Hand each job over once; its rights and removals are brought in first, whoever else is being served in its lane."""
    taken: set[str] = set()
    busy = False
    while True:
        try:
            unfinished = await parts.jobs.unfinished()
            if busy and not unfinished:
                give_back()
            busy = bool(unfinished)
            taken.intersection_update(job.id for job in unfinished)
            for job in unfinished:
                if job.id not in taken:
                    if job.kind == INGEST and job.state == "queued":  # one that was begun has done this, and is at work again
                        await parts.ingestion.rights(job.id)
                    # An index is built beside everything else that goes on in its collection.
                    lane = f"{job.lane}@index" if job.kind == REINDEX else job.lane
                    await parts.runner.submit(job.kind, job.id, lane=lane)
                    taken.add(job.id)
                    _log.info("job %s taken", job.id)
        except Exception:  # noqa: BLE001 - the database may be away for a while; what was not taken is looked for again
            _log.exception("looking for jobs failed")
            await asyncio.sleep(2)
        await asyncio.sleep(LOOK_EVERY_S)


async def clear_files(parts: Worker) -> None:
    """Take away files that have expired and uploads that were abandoned."""
    while True:
        try:
            cleared = await parts.files.clear()
            if cleared:
                _log.info("%d files that were over are cleared away", cleared)
        except Exception:  # noqa: BLE001 - the database may be away for a while; what is over is found again
            _log.exception("clearing away files failed")
        await asyncio.sleep(CLEAR_EVERY_S)


async def forget_jobs(parts: Worker) -> None:
    """Let go of the plans and steps of jobs that ended long ago."""
    while True:
        try:
            forgotten = await parts.runner.forget(before_ms=now_ms() - parts.job_days * _DAY_MS)
            if forgotten:
                _log.info("the steps of %d jobs that ended long ago are removed", forgotten)
        except Exception:  # noqa: BLE001 - the database may be away for a while; what is over is found again
            _log.exception("removing the steps of jobs that ended long ago failed")
        await asyncio.sleep(FORGET_EVERY_S)


async def keep_indexes(parts: Worker) -> None:
    """Begin what a collection says, bring up to date what lacks documents, erase what was dropped."""
    while True:
        try:
            for job in await parts.keeper.look():
                _log.info("job %s brings an index of %s up to date", job.id, job.collection)
        except Exception:  # noqa: BLE001 - the database may be away for a while; what is to be done is found again
            _log.exception("looking after indexes failed")
        await asyncio.sleep(KEEP_EVERY_S)


@asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:  # Any: asyncio's own
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
