"""The sweep: once a day everything that is older than its retention goes, in slices with rests between them."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from stoa.domain.retention import Kept, RetentionStore, Swept

log = logging.getLogger("stoa.ledger")

_DAY_MS = 86_400_000
_DAY_S = 86_400.0
_SLICE = 500
"""Rows of one transaction: a few milliseconds of SQLite's only writer."""
_REST_S = 0.05

Open = Callable[[], AbstractAsyncContextManager[RetentionStore]]


class Sweeper:
    """The days are the settings'; content carries its own end. `last` is what the last sweep did."""

    def __init__(
        self, write: Open, *, usage_days: int, trace_days: int, job_days: int, version_days: int, now_ms: Callable[[], int]
    ) -> None:
        self._write = write
        self._days: dict[Kept, int] = {
            "usage": usage_days,
            "traces": trace_days,
            "contents": 0,
            "examples": 0,
            "syncs": job_days,
            "jobs": job_days,  # behind syncs: a job stays for as long as its sync does
            "versions": version_days,
        }
        self._now_ms = now_ms
        self.last: Swept | None = None
        self.failed: str | None = None

    async def run(self, *, after_s: float) -> None:
        """Until cancelled: the first time after a while, then every day. What fails is tried again the next hour."""
        await asyncio.sleep(after_s)
        while True:
            try:
                await self.sweep()
                self.failed = None
            except Exception as error:
                self.failed = f"{type(error).__name__}: {error}"
                log.exception("what is past its retention could not be removed")
            await asyncio.sleep(_DAY_S if self.failed is None else _DAY_S / 24)

    async def sweep(self, *, rest_s: float = _REST_S, most: int = _SLICE) -> Swept:
        """Remove everything that is past its retention now."""
        began, removed = self._now_ms(), dict[Kept, int]()
        for what, days in self._days.items():
            removed[what] = await self._remove(what, began - days * _DAY_MS, rest_s=rest_s, most=most)
        self.last = swept = Swept(
            at_ms=began,
            took_ms=self._now_ms() - began,
            **removed,
        )
        if any(removed.values()):
            log.info(
                "past its retention, removed: %d requests, %d decision records, %d contents, %d examples, %d syncs, %d jobs, "
                "%d versions",
                swept.usage, swept.traces, swept.contents, swept.examples, swept.syncs, swept.jobs,
                swept.versions,
            )  # fmt: skip
        return swept

    async def _remove(self, what: Kept, before_ms: int, *, rest_s: float, most: int) -> int:
        total = 0
        while True:
            async with self._write() as store:
                removed = await store.remove(what, before_ms=before_ms, most=most)
            total += removed
            if removed < most:
                return total
            await asyncio.sleep(rest_s)
