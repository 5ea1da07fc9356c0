"""Identifiers that sort by time: 48 bits of milliseconds, 80 random bits, Crockford base32 (the ULID layout)."""

import os
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]


def new_id(prefix: str = "") -> str:
    """A fresh id such as `doc_01jq...`: 26 characters after the prefix, unique without coordination."""
    value = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    pairs = _PAIRS
    body = "".join([pairs[(value >> shift) & 1023] for shift in range(120, -1, -10)])
    return f"{prefix}_{body}" if prefix else body
