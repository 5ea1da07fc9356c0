"""Jobs in this process: each lane in order, nothing kept. For tests and benchmarks."""

import asyncio
from collections.abc import Mapping

from stoa.domain.jobs import Work


class MemoryRunner:
    """The runner port without durability."""

    def __init__(self, works: Mapping[str, Work]) -> None:
        self._works = works
        self._lanes: dict[str, asyncio.Lock] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def submit(self, work: str, job_id: str, *, lane: str) -> None:
        if job_id not in self._tasks:
            lock = self._lanes.setdefault(lane, asyncio.Lock())
            self._tasks[job_id] = asyncio.create_task(_run(self._works[work], job_id, lock))

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
