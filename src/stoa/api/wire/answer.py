"""The server's side of one exchange: the request's head, and the bytes of its answer put on the wire in the right framing."""

from __future__ import annotations

import http
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stoa.domain.exchange import Intake
from stoa.domain.refusal import refusal

if TYPE_CHECKING:
    from stoa.api.wire.connection import Connection

STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in http.HTTPStatus}
JSON_HEADERS = b"content-type: application/json\r\n"
METHODS = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"))
ALLOW = b"allow: %b\r\n" % b", ".join(sorted(METHODS))

_LINES = 4096
_SIZE_LINES = [b"%x\r\n" % size for size in range(_LINES)]  # of chunks, such as the events of a stream
_CONCATENATE_BELOW = 65_536  # copying a small body beside its head costs less than a second buffer


class WireExchange:
    """One request on one connection. Implements `domain.exchange.Exchange`."""

    __slots__ = (
        "_chunked",
        "_connection",
        "answered",
        "headers",
        "intake",
        "keep_alive",
        "known",
        "length",
        "method",
        "old",
        "parts",
        "received",
        "size",
        "started",
        "target",
    )

    def __init__(
        self,
        connection: Connection | None,
        method: bytes,
        target: bytes,
        headers: Mapping[bytes, bytes],
        keep_alive: bool,
        old: bool,
    ) -> None:
        self._connection = connection
        self.method = method
        self.target = target
        self.headers = headers
        self.keep_alive = keep_alive
        self.known: object | None = None
        self.old = old  # HTTP/1.0: no chunks, keep-alive only when asked for
        self.intake: Intake | None = None
        self.parts: list[bytes] | None = None  # body of a request that waits its turn
        self.length = 0  # what content-length said
        self.size = 0  # what has come of the body
        self.received = False
        self.started = False
        self.answered = False
        self._chunked = False

    @property
    def peer(self) -> str:
        return self._connection.far.client_of(self.headers) if self._connection else ""

    @property
    def scheme(self) -> str:
        return self._connection.far.scheme_of(self.headers) if self._connection else "http"

    def send(self, status: int, headers: bytes, body: bytes) -> None:
        connection = self._connection
        if connection is None or self.started:
            return
        self.started = True
        if self.keep_alive and not self.old:
            framing = b"content-length: %d\r\n\r\n" % len(body)
        else:
            framing = b"content-length: %d\r\n%b\r\n" % (len(body), self._connection_header())
        head = (STATUS_LINES[status], headers, framing)
        if self.method == b"HEAD":
            connection.transport.write(b"".join(head))
        elif len(body) < _CONCATENATE_BELOW:
            connection.transport.write(b"".join((*head, body)))
        else:
            connection.transport.writelines((*head, body))
        self._done()

    def start(self, status: int, headers: bytes, length: int | None = None, body: bytes = b"") -> None:
        connection = self._connection
        if connection is None or self.started:
            return
        self.started = True
        framing = b""
        if length is not None:
            framing = b"content-length: %d\r\n" % length
        elif self.old:
            self.keep_alive = False  # the end of the connection is the end of the answer
        elif status not in (204, 304):
            self._chunked = self.method != b"HEAD"
            framing = b"transfer-encoding: chunked\r\n"
        head = STATUS_LINES[status] + headers + framing + self._connection_header() + b"\r\n"
        if not body or self.method == b"HEAD":
            connection.transport.write(head)
        elif self._chunked:
            connection.transport.write(b"%b%x\r\n%b\r\n" % (head, len(body), body))
        else:
            connection.transport.write(head + body)

    def write(self, data: bytes) -> None:
        connection = self._connection
        if connection is None or not data or self.method == b"HEAD":
            return
        size = len(data)
        if not self._chunked:
            connection.transport.write(data)
        elif size < _LINES:
            connection.transport.write(_SIZE_LINES[size] + data + b"\r\n")
        elif size < _CONCATENATE_BELOW:
            connection.transport.write(b"%x\r\n%b\r\n" % (size, data))
        else:
            connection.transport.writelines((b"%x\r\n" % len(data), data, b"\r\n"))

    def finish(self, body: bytes = b"") -> None:
        connection = self._connection
        if connection is None or self.answered:
            return
        if not self._chunked:
            self.write(body)
        elif body:
            connection.transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        else:
            connection.transport.write(b"0\r\n\r\n")
        self._done()

    def abort(self) -> None:
        if self._connection is not None:
            self._connection.transport.abort()

    def pause_body(self) -> None:
        if self._connection is not None:
            self._connection.hold_body(True)

    def resume_body(self) -> None:
        if self._connection is not None:
            self._connection.hold_body(False)

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answer with an error in OpenAI's form."""
        self.send(status, JSON_HEADERS, refusal(status, code, message))

    def forget(self) -> Intake | None:
        """Cut the ties to connection and application; returns the intake if the answer was not finished."""
        intake, self.intake, self._connection = self.intake, None, None
        return None if self.answered else intake

    def _done(self) -> None:
        connection, self._connection, self.intake = self._connection, None, None
        self.answered = True
        if connection is not None:
            connection.answered(self)

    def _connection_header(self) -> bytes:
        if not self.keep_alive:
            return b"connection: close\r\n"
        return b"connection: keep-alive\r\n" if self.old else b""
