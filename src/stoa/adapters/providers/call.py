"""One request to an upstream under way, from the line for a connection to its answer's end."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from stoa.domain.upstream import Failure, Receiver

if TYPE_CHECKING:
    from stoa.adapters.providers.connection import UpstreamConnection
    from stoa.adapters.providers.origin import HttpOrigin

_UNCOPIED_ABOVE = 65_536  # a larger body is handed to the transport beside its head instead of joined to it


class HttpCall:
    """One request under way. Implements `domain.upstream.Call`; until it has a connection it waits in the origin's line."""

    __slots__ = (
        "_early",
        "_paused",
        "_upload_held",
        "bodiless",
        "body",
        "chunked",
        "connection",
        "deadline",
        "ended",
        "head",
        "origin",
        "receiver",
        "retried",
    )

    def __init__(
        self,
        origin: HttpOrigin,
        head: bytes,
        body: bytes | None,
        receiver: Receiver,
        chunked: bool = False,
        bodiless: bool = False,
    ) -> None:
        self.origin = origin
        self.head = head
        self.body = body  # None: it follows through write
        self.receiver: Receiver | None = receiver
        self.chunked = chunked
        self.bodiless = bodiless  # asked with HEAD: the headers describe a body that does not follow
        self.ended = body is not None  # the request has left whole
        self.connection: UpstreamConnection | None = None
        self.retried = False
        self.deadline = inf  # for a connection
        self._early: Sequence[bytes] = ()  # body that came before there was a connection
        self._paused = False
        self._upload_held = False

    def cancel(self) -> None:
        self.receiver = None
        if self.connection is not None:
            self.connection.cut()

    def pause(self) -> None:
        self._paused = True
        if self.connection is not None:
            self.connection.hold(True)

    def resume(self) -> None:
        self._paused = False
        if self.connection is not None:
            self.connection.hold(False)

    def write(self, data: bytes) -> None:
        if self.receiver is None or not data:
            return
        if self.connection is not None:
            self._put(self.connection, data)
            return
        self._early = (*self._early, data)
        self.hold_upload(True)

    def finish(self) -> None:
        self.ended = True
        if self.connection is not None:
            if self.chunked:
                self.connection.transport.write(b"0\r\n\r\n")
            self.connection.await_answer()

    def begin(self, connection: UpstreamConnection) -> None:
        """Send what there is of the request."""
        self.connection = connection
        write = connection.transport.write
        if self.body is None:
            write(self.head)
            early, self._early = self._early, ()
            for piece in early:
                self._put(connection, piece)
            if self.ended and self.chunked:
                write(b"0\r\n\r\n")
            self.hold_upload(connection.writing_paused)
        elif len(self.body) < _UNCOPIED_ABOVE:
            write(self.head + self.body)
        else:
            connection.transport.writelines((self.head, self.body))
        if self._paused:
            connection.hold(True)

    def hold_upload(self, hold: bool) -> None:
        """Tell whoever writes the body to stop or to go on, if that is news."""
        if self.receiver is None or self.ended or hold == self._upload_held:
            return
        self._upload_held = hold
        if hold:
            self.receiver.on_upload_pause()
        else:
            self.receiver.on_upload_resume()

    def _put(self, connection: UpstreamConnection, data: bytes) -> None:
        if self.chunked:
            connection.transport.writelines((b"%x\r\n" % len(data), data, b"\r\n"))
        else:
            connection.transport.write(data)
        connection.progressed()

    def fail(self, failure: Failure) -> None:
        receiver, self.receiver, self.connection = self.receiver, None, None
        if receiver is not None:
            receiver.on_failure(failure)
