"""Waiting until a view is as far as the ledger, for a while: one step forward serves everybody who waits for it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from stoa.adapters.triples.ledger import Kind, Ledger
from stoa.domain.identity import AccessTag
from stoa.domain.indexes import collection_of
from stoa.errors import NotReady

_LOOK_AGAIN_S = 0.05

Newest = Callable[[Path, Kind], Awaitable[int | None]]
"""How far queries would see the view now; None where there is none."""
Forward = Callable[[Path, Kind], Awaitable[int]]
"""Bring it forward, and say how far; less than asked for where another process is at work on it."""


class Readiness:
    """Of all views below one root."""

    def __init__(self, newest: Newest, forward: Forward, *, patience_s: float) -> None:
        self._newest, self._forward, self._patience_s = newest, forward, patience_s
        self._under_way: dict[tuple[str, str], asyncio.Task[int]] = {}

    async def wait(self, folder: Path, kind: Kind, change: int) -> None:
        """Until the view is as far as the change. Raises NotReady when that takes too long; the work goes on meanwhile."""
        try:
            async with asyncio.timeout(self._patience_s):
                while True:
                    found = await self._newest(folder, kind)
                    if (found is not None and found >= change) or await asyncio.shield(self._task(folder, kind)) >= change:
                        return
                    await asyncio.sleep(_LOOK_AGAIN_S)  # another process is at work on it
        except TimeoutError:
            raise await asyncio.to_thread(_not_ready, folder, kind) from None

    async def close(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _task(self, folder: Path, kind: Kind) -> asyncio.Task[int]:
        key = (str(folder), kind.name)
        if (task := self._under_way.get(key)) is None:
            task = self._under_way[key] = asyncio.ensure_future(self._forward(folder, kind))
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return task


async def now(folder: Path, acl: frozenset[AccessTag]) -> tuple[Kind, int]:
    """Which kind of caller this is in a collection, and its latest change."""

    def read() -> tuple[Kind, int]:
        ledger = Ledger(folder)
        return ledger.kind_of(acl), ledger.latest()

    return await asyncio.to_thread(read)


def _not_ready(folder: Path, kind: Kind) -> NotReady:
    documents, triples = Ledger(folder).size(kind)
    return NotReady(
        f"The graph of {collection_of(folder.name)!r} is being made ready for callers with your rights: {documents:,} "
        f"documents with {triples:,} triples. Ask again in some seconds.",
        retry_after_s=5,
    )
