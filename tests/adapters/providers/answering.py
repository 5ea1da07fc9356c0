"""A connection to an upstream over a transport in memory, and a receiver that notes what it is told."""

from collections.abc import Awaitable, Callable

import uvloop
from tests.piping import Pipe

from stoa.adapters.providers.connection import HttpCall, UpstreamConnection
from stoa.adapters.providers.http import HttpUpstreams
from stoa.domain.upstream import Failure, Headers, OriginLimits

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
LIMITS = OriginLimits(first_byte_timeout_s=50, idle_timeout_s=20, longest_s=100)
LAST = b"0\r\n\r\n"


def chunk(payload: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(payload), payload)


ACTIVE = [HEAD, chunk(b"one"), chunk(b"two")]
"""After these reads the connection stands between two chunks, and the last of them went past the parser."""


class Heard:
    """A receiver that notes each piece, and raises on one that it is told to."""

    def __init__(self, dislikes: bytes = b"nothing") -> None:
        self.pieces: list[bytes] = []
        self.ends: list[Failure | None] = []
        self._dislikes = dislikes

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def on_head(self, status: int, headers: Headers) -> None:
        assert (status, self.pieces, self.ends) == (200, [], [])

    def on_body(self, data: bytes) -> None:
        assert data and not self.ends
        if data == self._dislikes:
            raise ZeroDivisionError
        self.pieces.append(data)

    def on_end(self) -> None:
        self.ends.append(None)

    def on_failure(self, failure: Failure) -> None:
        self.ends.append(failure)

    def on_upload_pause(self) -> None: ...

    def on_upload_resume(self) -> None: ...


class Upstream:
    """One connection to an origin, which the test answers on."""

    def __init__(self) -> None:
        self.upstreams = HttpUpstreams()
        self.origin = self.upstreams.origin("http://a", LIMITS)
        self.pipe = Pipe()
        self.connection = UpstreamConnection(self.origin)
        self.connection.connection_made(self.pipe)

    def ask(self, heard: Heard) -> HttpCall:
        call = HttpCall(self.origin, b"POST / HTTP/1.1\r\n\r\n", b"", heard)
        self.connection.start(call)
        return call

    def read(self, *pieces: bytes) -> None:
        for piece in pieces:
            if not self.pipe.closing:
                self.connection.data_received(piece)

    def sweep(self, now: float) -> None:
        """As its owner has it do from time to time."""
        self.origin._connections.add(self.connection)
        self.origin.sweep(now)

    def close(self) -> None:
        self.connection.connection_lost(None)
        self.upstreams.close()


def on_connection(story: Callable[[Upstream], Awaitable[None]]) -> None:
    async def run() -> None:
        upstream = Upstream()
        try:
            await story(upstream)
        finally:
            upstream.close()

    uvloop.run(run())
