"""A head that comes again: the clients of a kept connection send the same one with every request, but for its length.

Whoever finds that a read begins with the very bytes which the parser has taken before, and that the rest of it is the body,
need not have them parsed again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stoa.api.wire.answer import WireExchange

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})\r\n", re.IGNORECASE)
_DIGITS = 9
_LONGEST = 4096
_MISSES = 3
_ONE_OFF = (b"connection", b"expect", b"transfer-encoding", b"upgrade")


class KeptHead:
    """The head of one request, cut where its content-length stands. Its headers are not to be changed by anybody."""

    __slots__ = ("_after", "_before", "_digits", "_end", "headers", "method", "target")

    def __init__(self, exchange: WireExchange, before: bytes, digits: bytes, after: bytes) -> None:
        self._before = before
        self._end = len(before)
        self._digits = digits
        self._after = after
        self.method = exchange.method
        self.target = exchange.target
        self.headers: Mapping[bytes, bytes] = exchange.headers

    def body_in(self, data: bytes) -> bytes | None:
        """The body, if these bytes are this head and a whole body and nothing else. `headers` are this request's then."""
        start = self._end
        if data[:start] != self._before:
            return None
        end = data.find(b"\r", start, start + _DIGITS + 1)
        after = end + len(self._after)
        digits = data[start:end]
        if data[end:after] != self._after or not digits.isdigit():
            return None
        body = data[after:]
        if len(body) != int(digits):
            return None
        if digits != self._digits:
            self._digits = digits
            self.headers = {**self.headers, b"content-length": digits}
        return body


class KeptHeads:
    """The kept head of one connection. Where heads are new each time, comparing them is soon given up."""

    __slots__ = ("_misses", "_read", "head")

    def __init__(self) -> None:
        self.head: KeptHead | None = None
        self._misses = 0  # in a row
        self._read: bytes | None = None

    def find(self, data: bytes) -> bytes | None:
        """Of a read that begins where a request may begin: the body, where `head` comes again before it."""
        if self._misses == _MISSES:
            return None
        if self.head is not None:
            body = self.head.body_in(data)
            if body is not None:
                self._misses = 0
                return body
        self._misses += 1
        self._read = data
        return None

    def interrupt(self) -> None:
        """The next read does not begin where a request may begin."""
        self._read = None

    def keep(self, exchange: WireExchange) -> None:
        """The request is whole. If it came in the one read that was last looked into, its head may come again."""
        read, self._read = self._read, None
        if read is not None:
            self.head = _kept_head_of(exchange, read)


def _kept_head_of(exchange: WireExchange, data: bytes) -> KeptHead | None:
    """None when there is something in its head that holds but once."""
    headers = exchange.headers
    if exchange.old or not exchange.keep_alive or any(name in headers for name in _ONE_OFF):
        return None
    head_end = data.find(b"\r\n\r\n") + 4
    length = _LENGTH.search(data, 0, head_end)
    if head_end > _LONGEST or length is None or head_end + int(length[1]) != len(data):
        return None
    return KeptHead(exchange, data[: length.start(1)], length[1], data[length.end(1) : head_end])
