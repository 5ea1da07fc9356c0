"""The snapshot as it is now, and word to whoever waits for the next one."""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import NamedTuple, Protocol

from stoa.control.builtin import with_builtin
from stoa.control.pricing import next_start
from stoa.control.snapshot import State
from stoa.domain.resources import Resource
from stoa.domain.snapshot import Snapshot
from stoa.domain.stores import Stores

logger = logging.getLogger(__name__)

POLL_S = 0.25
"""How often the revision is looked at. A change by any process reaches a waiting gateway within this and a compilation."""

_SILENT_S = 3.0
"""A look that takes longer than this is a database that does not answer."""
_LONGEST_LOOK_S = 5.0
"""A database that is frozen does not say so: after this the look is given up, and the next one takes a new connection."""

Open = Callable[[], AbstractAsyncContextManager[Stores]]


class Trial(NamedTuple):
    """Desired state as it is, and as it might be."""

    now: Snapshot
    candidate: Snapshot


class Compile(Protocol):
    def __call__(self, state: State, *, now_ms: int) -> Snapshot: ...


class SnapshotFeed:
    """Compiles when the revision has changed, which `revision` tells cheaply.

    `run` goes on until `close`; while the database is away the last one stays.
    """

    def __init__(
        self,
        read: Open,
        compile_state: Compile,
        *,
        revision: Callable[[], Awaitable[int]],
        engine_url: str,
        write: Open | None = None,
    ) -> None:
        self._read = read
        self._revision = revision
        self._write = write
        self._compile = compile_state
        self._engine_url = engine_url
        self._changed = asyncio.Condition()
        self.current: Snapshot | None = None
        """None until the first was compiled."""
        self._due_ms: int | None = None  # when a price that was set comes into force
        self._kept_prices: str | None = None
        self._fault: str | None = None
        self._looked_at = time.monotonic()
        self._closed = asyncio.Event()

    async def run(self) -> None:
        while not self._closed.is_set():
            try:
                async with asyncio.timeout(_LONGEST_LOOK_S):
                    await self.refresh()
            except Exception as error:  # noqa: BLE001 - whatever it was, the last snapshot goes on being served
                self._complain(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), POLL_S)

    async def refresh(self) -> Snapshot:
        """The snapshot of the revision as it is now, compiled unless it was."""
        now_ms = time.time_ns() // 1_000_000
        if self._due_ms is not None and now_ms >= self._due_ms:
            await self._begin_prices(now_ms)
        if self.current is None or self.current.version != await self._revision():
            async with self._read() as stores:
                version = await stores.revision.current()
                state = await self._state(stores, version)
            snapshot = self._compile(state, now_ms=now_ms)
            self._due_ms = next_start(state.prices, now_ms)
            async with self._changed:
                self.current = snapshot
                self._changed.notify_all()
            logger.info("snapshot %d compiled", version)
        await self._keep_prices(now_ms)
        self._fault, self._looked_at = None, time.monotonic()
        assert self.current is not None
        return self.current

    @property
    def trouble(self) -> str | None:
        """Why there is no snapshot of the present state, as far as `run` has seen; None when all is well. Asks nobody."""
        if self._fault is not None:
            return f"no snapshot from the database: {self._fault.partition(':')[0]}"
        silent_s = time.monotonic() - self._looked_at
        return f"the database has not answered for {silent_s:.0f} s" if silent_s > _SILENT_S else None

    async def after(self, version: int | None, *, wait_s: float) -> Snapshot | None:
        """The snapshot as soon as it is another than `version`; None when it was not within `wait_s`, or this is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s), self._changed:
                await self._changed.wait_for(lambda: self._closed.is_set() or self._news(version) is not None)
        return self._news(version)

    @property
    def closed(self) -> bool:
        """Whether this process ends: then there is no next one."""
        return self._closed.is_set()

    async def close(self) -> None:
        """Answer everybody who waits: this process ends."""
        self._closed.set()
        async with self._changed:
            self._changed.notify_all()

    def _news(self, version: int | None) -> Snapshot | None:
        return self.current if self.current is not None and self.current.version != version else None

    async def trial(self, stores: Stores, change: Callable[[Sequence[Resource]], Sequence[Resource]]) -> Trial:
        """The snapshot of the state as it is, and the one it would be with other applied resources. Nothing is kept."""
        state, now_ms = await self._state(stores, await stores.revision.current()), time.time_ns() // 1_000_000
        changed = with_builtin(change(await stores.resources.all()), self._engine_url)
        candidate = dataclasses.replace(state, resources=changed)
        return Trial(self._compile(state, now_ms=now_ms), self._compile(candidate, now_ms=now_ms))

    async def _state(self, stores: Stores, version: int) -> State:
        """Read after the version, so that a change in between makes a newer version, never a missed one."""
        return State(
            version=version,
            resources=with_builtin(await stores.resources.all(), self._engine_url),
            teams=await stores.teams.all(),
            users=await stores.users.page(after=None, limit=None),
            keys=await stores.keys.page(after=None, limit=None),
            corpus=await stores.revision.corpus(),
            groups=await stores.groups.nested(),
            personal=await stores.revision.personal(),
            indexes=await stores.revision.indexes(),
            prices=await stores.prices.all(),
        )

    async def _begin_prices(self, now_ms: int) -> None:
        """A price comes into force by its time alone: that is a new version all the same."""
        self._due_ms = None
        if self._write is not None:
            async with self._write() as stores:
                await stores.revision.advance(now_ms=now_ms)

    async def _keep_prices(self, now_ms: int) -> None:
        """What the version means that facts are about to name."""
        snapshot = self.current
        if snapshot is None or snapshot.price_version == self._kept_prices or self._write is None:
            return
        async with self._write() as stores:
            await stores.prices.keep_version(snapshot.price_version, snapshot.prices, now_ms=now_ms)
        self._kept_prices = snapshot.price_version

    def _complain(self, error: Exception) -> None:
        told = f"{type(error).__name__}: {error}"
        if told != self._fault:  # once, not four times a second
            logger.error("no new snapshot, the last one stays: %s", told)
        self._fault = told
