"""Jobs in this process: each lane in order, nothing kept. For tests and benchmarks."""

import asyncio
import time
from collections.abc import Mapping

from stoa.domain.jobs import Work


class MemoryRunner:
    """The runner port without durability."""

    def __init__(self, works: Mapping[str, Work]) -> None:
        self._works = works
        self._lanes: dict[str, asyncio.Lock] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ended: dict[str, float] = {}

    async def submit(self, work: str, job_id: str, *, lane: str) -> None:
        if job_id not in self._tasks:
            lock = self._lanes.setdefault(lane, asyncio.Lock())
            self._tasks[job_id] = asyncio.create_task(_run(self._works[work], job_id, lock))
            self._tasks[job_id].add_done_callback(lambda _: self._ended.setdefault(job_id, time.time()))

    async def forget(self, *, before_ms: int) -> int:
        over = [job_id for job_id, at in self._ended.items() if at * 1000 < before_ms]
        for job_id in over:
            del self._tasks[job_id], self._ended[job_id]
        return len(over)

    async def drained(self) -> None:
        """Wait until everything submitted is done."""
        await asyncio.gather(*self._tasks.values())


async def _run(work: Work, job_id: str, lane: asyncio.Lock) -> None:
    async with lane:
        error = None
        try:
            for part in await work.plan(job_id):
                await work.part(job_id, part)
        except Exception as failure:  # noqa: BLE001 - whatever stopped it belongs into the job
            error = str(failure) or type(failure).__name__
        await work.finish(job_id, error)
