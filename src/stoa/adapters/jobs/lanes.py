"""Whose turn it is among the jobs of one process."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager


class Lanes:
    """In a lane of a work one at a time, in the order of asking; of each work so many at once.

    Works do not wait for each other, so that one that takes long does not keep another from its turn.
    """

    def __init__(self, works: Iterable[str], *, at_once: int) -> None:
        self._room = {work: asyncio.Semaphore(at_once) for work in works}
        self._lanes: dict[tuple[str, str], asyncio.Lock] = {}
        self._wanted: Counter[tuple[str, str]] = Counter()

    @asynccontextmanager
    async def turn(self, work: str, lane: str) -> AsyncGenerator[None]:
        """Wait for a turn and hold it."""
        key = (work, lane)
        self._wanted[key] += 1
        try:
            async with self._lanes.setdefault(key, asyncio.Lock()), self._room[work]:
                yield
        finally:
            self._wanted[key] -= 1
            if not self._wanted[key]:
                del self._wanted[key], self._lanes[key]
