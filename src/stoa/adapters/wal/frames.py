"""The log's format: frames of length, CRC-32, count and msgpack facts, in files named after the position they begin at.

A position counts bytes over all files. A frame holds facts that were written together: it is in the log whole or not at all.
"""

import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct
from typing import NamedTuple

import msgspec

from stoa.domain.usage import UsageFact

_HEADER = Struct("<III")
HEADER_BYTES = _HEADER.size
_MAX_FRAME = 64 * 1024 * 1024

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[UsageFact]).decode


class Segment(NamedTuple):
    """One file of the log: its path, and the position of its first byte."""

    path: Path
    start: int


def segment_path(folder: Path, start: int) -> Path:
    return folder / f"usage-1-{start:020d}.wal"


def segments(folder: Path) -> list[Segment]:
    """The files of a log, oldest first."""
    return sorted((Segment(p, int(p.stem.rsplit("-", 1)[1])) for p in folder.glob("usage-1-*.wal")), key=lambda s: s.start)


def frame_of(facts: Sequence[UsageFact]) -> bytes:
    """The frame that holds these facts."""
    payload = b"".join([_encode(fact) for fact in facts])
    return _HEADER.pack(len(payload), zlib.crc32(payload, len(facts)), len(facts)) + payload


def valid_bytes(data: bytes) -> int:
    """How much of a file is whole frames; what follows was torn by a crash."""
    at = 0
    while at + HEADER_BYTES <= len(data):
        length, crc, count = _HEADER.unpack_from(data, at)
        end = at + HEADER_BYTES + length
        if length > _MAX_FRAME or end > len(data) or zlib.crc32(data[at + HEADER_BYTES : end], count) != crc:
            break
        at = end
    return at


def facts_in(data: bytes) -> Iterator[UsageFact]:
    """The facts in valid frames, a frame at a time."""
    at = 0
    while at < len(data):
        array, used, _ = joined(data[at : at + HEADER_BYTES + _HEADER.unpack_from(data, at)[0]], 0)
        yield from _decode(array)
        at += used


def joined(data: bytes, limit: int) -> tuple[bytes, int, int]:
    """Whole frames from the beginning of data, up to `limit` bytes but at least one: their facts as one msgpack array, how
    many bytes were used, and how many the next frame needs when not even one was whole.
    """
    at, total, payloads = 0, 0, list[bytes]()
    while at + HEADER_BYTES <= len(data):
        length, _, count = _HEADER.unpack_from(data, at)
        end = at + HEADER_BYTES + length
        if end > len(data) or (payloads and end > limit):
            break
        payloads.append(data[at + HEADER_BYTES : end])
        total += count
        at = end
    needed = HEADER_BYTES + _HEADER.unpack_from(data)[0] if not payloads and len(data) >= HEADER_BYTES else 0
    return b"\xdd" + total.to_bytes(4, "big") + b"".join(payloads), at, needed


def read_at(path: Path, offset: int, size: int) -> bytes:
    """Up to `size` bytes of a file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.pread(descriptor, size, offset)
    finally:
        os.close(descriptor)
