"""Threads for inference: a person who waits for one answer does not stand behind a document of a thousand chunks.

Short calls are not gathered into batches: eight questions take 33 ms of one core together and 39 ms one by one.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from stoa.errors import LimitReached
from stoa.kit.memory import give_back

Result = TypeVar("Result")

BRISK_THREADS = 4
MOST_WAITING = 512
"""Calls that may wait before further ones are refused."""

REST_S = 2.0
"""Without a call for so long, freed memory goes back to the machine: 37 of 227 MB after a few questions."""


class Lanes:
    """Two thread pools over the same model: `brisk` for short calls, `bulk` one call at a time. A context manager."""

    def __init__(self) -> None:
        self._brisk = ThreadPoolExecutor(BRISK_THREADS, thread_name_prefix="brisk")
        self._bulk = ThreadPoolExecutor(1, thread_name_prefix="bulk")
        self._waiting = 0
        self._resting: asyncio.TimerHandle | None = None

    async def brisk(self, call: Callable[[], Result]) -> Result:
        return await self._run(self._brisk, call)

    async def bulk(self, call: Callable[[], Result]) -> Result:
        return await self._run(self._bulk, call)

    async def _run(self, pool: ThreadPoolExecutor, call: Callable[[], Result]) -> Result:
        """A call that has not begun when its caller goes away never begins. Raises LimitReached when too many wait."""
        if self._waiting >= MOST_WAITING:
            raise LimitReached("The engine has too many requests waiting; try again in a moment.", retry_after_s=1.0)
        self._waiting += 1
        self._wake()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(pool, call)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._resting = loop.call_later(REST_S, self._brisk.submit, give_back)

    def _wake(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._wake()
        self._brisk.shutdown(cancel_futures=True)
        self._bulk.shutdown(cancel_futures=True)
