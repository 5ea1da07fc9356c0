"""Identifiers that sort by time: 48 bits of milliseconds, 80 random bits, Crockford base32 (the ULID layout)."""

import os
import re
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_BODY = re.compile(f"[0-7][{_ALPHABET}]{{25}}")
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]


def new_id(prefix: str = "") -> str:
    """A fresh id such as `doc_01jq...`: 26 characters after the prefix, unique without coordination."""
    value = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    pairs = _PAIRS
    body = "".join([pairs[(value >> shift) & 1023] for shift in range(120, -1, -10)])
    return f"{prefix}_{body}" if prefix else body


def least_id(at_ms: int) -> str:
    """Less than every id from this millisecond on, and more than every one from before it."""
    value = max(0, at_ms) << 80
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)])


def is_id(text: str) -> bool:
    """Whether this could be an id without a prefix."""
    return _BODY.fullmatch(text) is not None


class IdSource:
    """Ids in `new_id`'s form at a tenth of its cost, for one thread: the random part is drawn once a millisecond.

    Its last four characters count up within the millisecond; the twelve before them are random.
    """

    __slots__ = ("_count", "_head", "_millisecond")

    def __init__(self) -> None:
        self._millisecond: int = 0
        self._head: str = ""
        self._count: int = 0

    def new(self) -> str:
        now = time.time_ns() // 1_000_000
        count = self._count
        if now != self._millisecond or count == 1_048_576:
            self._millisecond, self._head, count = now, new_id()[:22], 0
        self._count = count + 1
        return f"{self._head}{_PAIRS[count >> 10]}{_PAIRS[count & 1023]}"
