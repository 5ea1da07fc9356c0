"""A head that comes again: the clients of a kept connection send the same one with every request, but for its length.

Whoever finds that a read begins with the very bytes which the parser has taken before, and that the rest of it is the body,
need not have them parsed again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stoa.domain.exchange import NOTHING

if TYPE_CHECKING:
    from stoa.api.wire.answer import WireExchange

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})\r\n", re.IGNORECASE)
_DIGITS = 9
_LONGEST = 4096
_MISSES = 3
_ONE_OFF = (b"connection", b"expect", b"transfer-encoding", b"upgrade")


class KeptHead:
    """The head of one connection's last request, cut where its content-length stands.

    Where heads are new each time, comparing them is soon given up. The headers are not to be changed by anybody.
    """

    __slots__ = ("_after", "_before", "_digits", "_end", "_misses", "_read", "headers", "known", "method", "target")

    def __init__(self) -> None:
        self.method = self.target = b""
        self.headers: Mapping[bytes, bytes] = {}
        self.known: object = NOTHING
        self._before = self._after = self._digits = b""
        self._end = 0
        self._misses = 0  # in a row
        self._read: bytes | None = None

    def find(self, data: bytes) -> bytes | None:
        """Of a read that begins where a request may begin: the body, where this head and nothing else stands before it."""
        start = self._end
        if start and data[:start] == self._before:
            end = max(start, data.find(b"\r", start, start + _DIGITS + 1))
            after = end + len(self._after)
            digits = data[start:end]
            if data[end:after] == self._after and digits.isdigit() and len(body := data[after:]) == int(digits):
                if digits != self._digits:
                    self._digits = digits
                    self.headers = {**self.headers, b"content-length": digits}
                self._misses = 0
                return body
        if self._misses < _MISSES:
            self._misses += 1
            self._read = data
        else:
            self._end = 0
            self._read = None
        return None

    def forget_read(self) -> None:
        """The read has been parsed: what is not whole by now did not come in it alone."""
        self._read = None

    def keep(self, exchange: WireExchange, headers: Mapping[bytes, bytes]) -> None:
        """The request is whole. If it came in the one read that was last looked into, its head may come again.

        `headers` are those that were parsed, whatever became of the exchange's.
        """
        data, self._read = self._read, None
        if data is None:
            return
        self._end = 0
        if exchange.old or not exchange.keep_alive or any(name in headers for name in _ONE_OFF):
            return  # there is something in it that holds but once
        head_end = data.find(b"\r\n\r\n") + 4
        length = _LENGTH.search(data, 0, head_end)
        if head_end > _LONGEST or length is None or head_end + int(length[1]) != len(data):
            return
        self.method, self.target, self.headers = exchange.method, exchange.target, headers
        self._before, self._digits, self._after = data[: length.start(1)], length[1], data[length.end(1) : head_end]
        self._end = length.start(1)
        self.known = NOTHING
