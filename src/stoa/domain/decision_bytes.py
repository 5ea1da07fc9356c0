"""Pieces of decision records as msgpack, put together without making the record first: most requests have little to tell."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from stoa.domain.decisions import FIELDS, FORM, TIMES

_pack = msgspec.msgpack.Encoder().encode
_NONE: Final = b"\xc0"
_END: Final = b"\xc0\xc0"
_BINARY: Final = [bytes((0xC4, size)) for size in range(33)]
_PLAIN_HEAD: Final = bytes((0x90 | FIELDS, FORM, 0xC4, TIMES.size))


def recorded_claim(name: str, subject: str, unit: str, most: int) -> tuple[bytes, bytes]:
    """A `Claimed` of a request that passed, as msgpack: what stands before its amount, and what after it."""
    parts = [_pack(each) for each in (name, subject, unit)]
    return b"".join([b"\x96", *parts]), _pack(most) + b"\xc0"


def claims_head(count: int) -> bytes:
    """What stands before so many packed claims."""
    return bytes((0x90 | count,)) if count < 16 else b"\xdc" + count.to_bytes(2, "big")


def packed_claims(each: Sequence[bytes]) -> bytes:
    """Claims that are packed already, as the `claims` of a `Decision`."""
    return claims_head(len(each)) + b"".join(each)


def recorded_claims(packed: bytes) -> Any:  # Any: bytes in the place of what they become once they are read again
    """What `packed_claims` gave, to be packed with a `Decision`."""
    return msgspec.Raw(packed)


def recorded_route(strategy: str) -> bytes:
    """Of a `Decision` by a route where nothing was drawn: what stands behind its times, as msgpack."""
    return _pack(strategy) + b"\xc0\x00\x00"


def recorded_plainly(
    times: bytes, route: bytes, cache_key: bytes | None, claims: bytes | None, verdicts: bytes = b"\xc0"
) -> bytes:
    """A `Decision` with nothing to tell but these, packed in one step; `claims`, `route` and `verdicts` are packed already."""
    head, none = _PLAIN_HEAD, _NONE
    if cache_key is None:
        return b"".join((head, times, route, none, none if claims is None else claims, verdicts, _END))
    key = _BINARY[len(cache_key)]
    return b"".join((head, times, route, key, cache_key, none if claims is None else claims, verdicts, _END))
