"""Whole answers that are kept in this process, by their key."""

from collections import OrderedDict
from typing import NamedTuple

from stoa.gateway.usage import Tokens

LARGEST_ANSWER = 1_048_576
_OVERHEAD = 500  # bytes that an entry takes besides its answer


class Entry(NamedTuple):
    """A whole answer that was given before."""

    answer: bytes
    model: str
    provider: str
    tokens: Tokens
    expires_s: float
    arm: str | None = None


class AnswerCache:
    """The least recently used go first. Not shared between processes; nothing in it outlives this one."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes, *, now_s: float) -> Entry | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires_s <= now_s:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: bytes, entry: Entry) -> None:
        self._drop(key)
        if len(entry.answer) > LARGEST_ANSWER:
            return
        self._entries[key] = entry
        self.size_bytes += len(entry.answer) + _OVERHEAD
        while self.size_bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size_bytes -= len(entry.answer) + _OVERHEAD
