"""One HTTP request and its answer, as a server hands it to an application by plain callbacks.

The server keeps to the protocol (limits, timeouts, order, framing); the application decides. Nothing here awaits, so that
a request which needs no waiting costs no task. All calls happen on the event loop's thread.
"""

from collections.abc import Mapping
from typing import Protocol

NOTHING = object()


class Exchange(Protocol):
    """The request's head, and the way to answer it: either `send`, or `start`, any number of `write`, and `finish`.

    Header names are lower case. Header lines of an answer are given as bytes, each ended by CRLF, without framing headers
    (content-length, transfer-encoding, connection): the server adds those. After the client has gone all of these do nothing.
    """

    method: bytes
    target: bytes
    headers: Mapping[bytes, bytes]
    known: object | None
    """For the application to put what it knows of a head, for the next request with the very same one on this connection.
    `NOTHING` before it did; None where no such request is to be expected."""

    @property
    def peer(self) -> str:
        """The client's address, without its port; empty when it is not known. Told by proxies only where those are trusted."""
        ...

    @property
    def scheme(self) -> str:
        """`http` or `https`: how the client sent it."""
        ...

    def send(self, status: int, headers: bytes, body: bytes) -> None:
        """Answer whole."""
        ...

    def start(self, status: int, headers: bytes, length: int | None = None, body: bytes = b"") -> None:
        """Begin an answer in pieces; chunked unless its length is known. `body` is its first, which leaves with the head."""
        ...

    def write(self, data: bytes) -> None: ...

    def finish(self, body: bytes = b"") -> None:
        """The answer is whole, with this as its last piece."""
        ...

    def abort(self) -> None:
        """Cut the connection, so that the client sees an answer that began is not whole."""
        ...

    def pause_body(self) -> None:
        """Read no more of the request's body until `resume_body`."""
        ...

    def resume_body(self) -> None: ...


class Intake(Protocol):
    """What the application does with one request. `body_limit` is the largest body it takes, in bytes."""

    body_limit: int

    def on_body(self, data: bytes) -> None: ...

    def on_end(self) -> None:
        """The body is whole."""
        ...

    def on_gone(self) -> None:
        """The client went away, or broke the protocol, before the answer was finished. Nothing follows."""
        ...

    def on_pause(self) -> None:
        """The client reads slower than the answer is written: write no more until `on_resume`."""
        ...

    def on_resume(self) -> None: ...


class Application(Protocol):
    """Takes requests, one at a time from each connection, in order."""

    def accept(self, exchange: Exchange) -> Intake:
        """Called when the head is whole. The exchange may be answered here already; the rest of the body is then dropped."""
        ...
