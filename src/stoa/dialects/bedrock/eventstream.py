"""AWS' binary framing of event streams, application/vnd.amazon.eventstream: bytes cut anywhere in, whole frames out.

A frame is: its length and its headers' length (4 bytes each, big-endian), a CRC32 of these eight bytes, headers, payload, and
a CRC32 of all that came before it. https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import struct
from collections.abc import Mapping
from typing import NamedTuple
from zlib import crc32

_PRELUDE = struct.Struct(">III")
_CRC = struct.Struct(">I")
_LEAST = _PRELUDE.size + _CRC.size
MAX_HEADERS = 128 * 1024
MAX_PAYLOAD = 24 * 1024 * 1024

_STRING = 7
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of the values whose length follows from their type: booleans, integers, time, UUID."""
_SIZED = {6: "bytes", _STRING: "string"}


class Frame(NamedTuple):
    """`headers` holds those of type string; the form's own, such as `:event-type`, all are."""

    headers: dict[str, str]
    payload: bytes


class FrameReader:
    """One stream. After an error nothing more can be read of it: where the next frame begins is not known."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completed. Raises ValueError for bytes that are none, or that were changed on their way."""
        self._data += data
        frames: list[Frame] = []
        start = 0
        while (end := self._end(start)) is not None and end <= len(self._data):
            frames.append(_frame(bytes(self._data[start:end])))
            start = end
        del self._data[:start]
        return frames

    def _end(self, start: int) -> int | None:
        """Where the frame ends that begins at `start`; None while its prelude is not whole."""
        if len(self._data) - start < _PRELUDE.size:
            return None
        length, headers, crc = _PRELUDE.unpack_from(self._data, start)
        if crc32(self._data[start : start + 8]) != crc:
            raise ValueError("the CRC of a frame's prelude is wrong")
        if headers > MAX_HEADERS or not _LEAST + headers <= length <= _LEAST + headers + MAX_PAYLOAD:
            raise ValueError(f"a frame of {length} bytes with {headers} bytes of headers")
        return start + length


def encode(headers: Mapping[str, str], payload: bytes) -> bytes:
    """A frame with string headers."""
    packed = b"".join(
        bytes([len(name.encode())]) + name.encode() + bytes([_STRING]) + struct.pack(">H", len(value.encode())) + value.encode()
        for name, value in headers.items()
    )
    lengths = struct.pack(">II", _LEAST + len(packed) + len(payload), len(packed))
    body = lengths + _CRC.pack(crc32(lengths)) + packed + payload
    return body + _CRC.pack(crc32(body))


def _frame(data: bytes) -> Frame:
    if crc32(data[: -_CRC.size]) != _CRC.unpack_from(data, len(data) - _CRC.size)[0]:
        raise ValueError("the CRC of a frame is wrong")
    payload = _PRELUDE.size + _PRELUDE.unpack_from(data)[1]
    return Frame(_headers(data[_PRELUDE.size : payload]), data[payload : -_CRC.size])


def _headers(data: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            name = data[at + 1 : at + 1 + data[at]].decode()
            at += 1 + data[at]
            kind = data[at]
            at += 1
            if kind in _SIZED:
                (length,) = struct.unpack_from(">H", data, at)
                at += 2
            else:
                length = _FIXED[kind]
            if at + length > len(data):
                raise ValueError("a header ends after the headers")
            if kind == _STRING:
                headers[name] = data[at : at + length].decode()
            at += length
    except (IndexError, KeyError, struct.error) as error:
        raise ValueError(f"headers of a frame that cannot be read: {error!r}") from error
    return headers
