"""The gate before an index: writes wait while it is moved to another store or put back from a snapshot.

What holds them back is an object, so that every process sees it, on every machine, and a crash forgets nothing. A hold names
the store that may be written from now on, or a collection that is being put back until some time. Its number grows with each
change: a write that finds another number behind it than before it may have come too late to be copied, and is made again.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

import msgspec

from stoa.domain.documents import Objects
from stoa.domain.identity import Rights
from stoa.domain.vectors import IndexedChunk, PassageIndex

log = logging.getLogger(__name__)

LEASE_MS = 60_000
"""How long a collection that is being put back stays closed after whoever does it was last heard of."""

_NAME = "vectors/hold.json"
_PAUSE_S = 0.5


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Who may write. `store` is None while nothing was ever moved; `until` says which collections are closed, in UTC ms."""

    number: int = 0
    store: str | None = None
    until: dict[str, int] = msgspec.field(default_factory=dict[str, int])


class IndexGate:
    """The gate of one process, which writes to `store`."""

    def __init__(self, objects: Objects, *, store: str, now_ms: Callable[[], int], pause_s: float = _PAUSE_S) -> None:
        self._objects, self._store, self._now_ms, self._pause_s = objects, store, now_ms, pause_s

    async def read(self) -> Hold:
        kept = await self._objects.get(_NAME)
        return msgspec.json.decode(kept, type=Hold) if kept is not None else Hold()

    async def passed(self, collection: str) -> int:
        """Wait until the collection may be written; the number to look at afterwards."""
        said = False
        while True:
            hold = await self.read()
            if (closed := self._closed(hold, collection)) is None:
                return hold.number
            if not said:
                log.warning("Changes of collection %r wait: %s", collection, closed)
                said = True
            await asyncio.sleep(self._pause_s)

    async def move(self, store: str) -> None:
        """Let that store be written from now on, and no other."""
        hold = await self.read()
        await self._write(msgspec.structs.replace(hold, store=store))

    async def close(self, collection: str) -> None:
        """Close it, or keep it closed, for LEASE_MS."""
        hold = await self.read()
        await self._write(msgspec.structs.replace(hold, until={**hold.until, collection: self._now_ms() + LEASE_MS}))

    async def open(self, collection: str) -> None:
        hold = await self.read()
        until = {name: at for name, at in hold.until.items() if name != collection}
        await self._write(msgspec.structs.replace(hold, until=until))

    async def _write(self, hold: Hold) -> None:
        changed = msgspec.structs.replace(hold, number=hold.number + 1)
        await self._objects.put(_NAME, msgspec.json.encode(changed))

    def _closed(self, hold: Hold, collection: str) -> str | None:
        if hold.store is not None and hold.store != self._store:
            return f"the index was moved to {hold.store!r}. Set vectors.url to it and start again."
        if hold.until.get(collection, 0) > self._now_ms():
            return "it is being put back from a snapshot."
        return None


class GatedIndex:
    """PassageIndex behind the gate."""

    def __init__(self, index: PassageIndex, gate: IndexGate) -> None:
        self._index, self._gate = index, gate

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        number = None
        while number is None or await self._gate.passed(collection) != number:
            number = await self._gate.passed(collection)
            await self._index.replace(collection, documents, chunks)

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        number = None
        while number is None or await self._gate.passed(collection) != number:
            number = await self._gate.passed(collection)
            await self._index.grant(collection, rights)

    async def tend(self, collection: str) -> None:
        await self._gate.passed(collection)
        await self._index.tend(collection)

    async def drop(self, collection: str) -> None:
        await self._gate.passed(collection)
        await self._index.drop(collection)
