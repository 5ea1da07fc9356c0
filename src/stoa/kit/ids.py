"""Identifiers that sort by time: 48 bits of milliseconds, 80 random bits, Crockford base32 (the ULID layout)."""

import os
import re
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_BODY = re.compile(f"[0-7][{_ALPHABET}]{{25}}")
PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
"""Ten bits each."""


def new_id(prefix: str = "") -> str:
    """A fresh id such as `doc_01jq...`: 26 characters after the prefix, unique without coordination."""
    value = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    pairs = PAIRS
    body = "".join([pairs[(value >> shift) & 1023] for shift in range(120, -1, -10)])
    return f"{prefix}_{body}" if prefix else body


def least_id(at_ms: int) -> str:
    """Less than every id from this millisecond on, and more than every one from before it."""
    value = max(0, at_ms) << 80
    return "".join([PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)])


def is_id(text: str) -> bool:
    """Whether this could be an id without a prefix."""
    return _BODY.fullmatch(text) is not None
