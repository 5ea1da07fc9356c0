"""Whole answers that are kept in this process, by their key."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from stoa.gateway.caching.entry import Entry

LARGEST_ANSWER = 1_048_576
_OVERHEAD = 1500  # bytes that an entry takes besides its answer: itself, its texts, its key and a place in two tables
_AT_ONCE = 500  # entries that are looked at in one turn of the event loop


class AnswerCache:
    """The least recently used go first. Not shared between processes; nothing in it outlives this one."""

    def __init__(self, max_bytes: int, *, dropped: Callable[[bytes], None] | None = None) -> None:
        """`dropped` is told the key of every answer that goes."""
        self._max_bytes = max_bytes
        self._dropped = dropped
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._served: AbstractSet[bytes] = frozenset()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes, *, now_s: float, ttl_s: float) -> Entry | None:
        """What is not older than `ttl_s`; what is has gone from now on."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if now_s - entry.kept_at_s >= ttl_s:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: bytes, entry: Entry) -> None:
        self._drop(key)
        if len(entry.answer) > LARGEST_ANSWER or (self._served and entry.fingerprint not in self._served):
            return
        self._entries[key] = entry
        entry.size_bytes = len(entry.answer) + _OVERHEAD
        self.size_bytes += entry.size_bytes
        self._make_room()

    def put_stream(self, key: bytes, entry: Entry, *, with_usage: bool, events: bytes) -> None:
        """Keep an answer in its other form too."""
        if self._entries.get(key) is not entry:
            return
        entry.streams = {**(entry.streams or {}), with_usage: events}
        entry.size_bytes += len(events)
        self.size_bytes += len(events)
        self._make_room()

    def forget(self, key: bytes) -> None:
        self._drop(key)

    def drop(self, scope: bytes) -> int:
        """Forget every answer of a scope; how many there were."""
        found = [key for key, entry in self._entries.items() if entry.scope == scope]
        for key in found:
            self._drop(key)
        return len(found)

    def serve(self, fingerprints: AbstractSet[bytes]) -> None:
        """Nobody can ask any more for what came from anything else: it goes, a part in each turn of the event loop."""
        gone = self._served - fingerprints
        self._served = fingerprints
        if gone and self._entries:
            self._sweep(list(self._entries))

    def _sweep(self, keys: list[bytes]) -> None:
        entries, served = self._entries, self._served
        for key in keys[-_AT_ONCE:]:
            entry = entries.get(key)
            if entry is not None and entry.fingerprint not in served:
                self._drop(key)
        del keys[-_AT_ONCE:]
        if keys:
            asyncio.get_running_loop().call_soon(self._sweep, keys)

    def _make_room(self) -> None:
        while self.size_bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size_bytes -= entry.size_bytes
            if self._dropped is not None:
                self._dropped(key)
