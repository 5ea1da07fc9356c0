"""One path of an upstream server: the way that nearly every request takes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stoa.adapters.providers.call import HttpCall
from stoa.domain.upstream import Receiver

if TYPE_CHECKING:
    from stoa.adapters.providers.connection import UpstreamConnection
    from stoa.adapters.providers.origin import HttpOrigin


class HttpEndpoint:
    """Implements `domain.upstream.Endpoint`: the head is ready but for the body's length. `idle` are the origin's own."""

    __slots__ = ("_head", "_idle", "_origin")

    def __init__(self, origin: HttpOrigin, head: bytes, idle: list[UpstreamConnection]) -> None:
        self._origin = origin
        self._head = head
        self._idle = idle

    def post(self, body: bytes, receiver: Receiver, lines: bytes = b"") -> HttpCall:
        idle = self._idle
        call = HttpCall(self._origin, b"%b%d\r\n%b\r\n" % (self._head, len(body), lines), body, receiver)
        if idle and not (connection := idle.pop()).transport.is_closing():
            connection.start(call)  # so it mostly is
        else:
            self._origin.start(call)
        return call
