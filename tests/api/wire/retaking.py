"""A connection over a transport in memory, behind it an application that notes what it is called with."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import uvloop
from tests.piping import Pipe

from stoa.api.wire.connection import Connection
from stoa.api.wire.kept_head import KeptHead
from stoa.api.wire.limits import Limits
from stoa.api.wire.server import Server
from stoa.domain.exchange import Exchange

BODY_LIMIT = 60
INNER = b"GET /inner HTTP/1.1\r\nhost: a\r\n\r\n"


def post(body: bytes, *lines: bytes, said: bytes | None = None, path: bytes = b"/p?q=1") -> bytes:
    """A request whose length is said last but one."""
    head = b"".join([b"POST %b HTTP/1.1\r\nhost: a\r\n" % path, *(line + b"\r\n" for line in lines)])
    return head + b"Content-Length: %b\r\nx: y\r\n\r\n" % (b"%d" % len(body) if said is None else said) + body


class Noted:
    """What the application was told of one request."""

    body_limit = BODY_LIMIT

    def __init__(self, exchange: Exchange, turns: int) -> None:
        self.exchange = exchange
        self.body = b""
        self.end = "open"
        self._turns = turns

    @property
    def told(self) -> tuple[Any, ...]:
        """Of a body that was not to be had whole, as much as came in time: how much depends on the cut."""
        exchange = self.exchange
        body = self.body if self.end == "whole" else b""
        return exchange.method, exchange.target, dict(exchange.headers), body, self.end

    def on_body(self, data: bytes) -> None:
        assert self.end == "open"
        assert data
        self.body += data
        if self.body.startswith(b"fail"):
            raise ZeroDivisionError
        if self.body.startswith(b"early"):
            self.exchange.send(403, b"", b"no")

    def on_end(self) -> None:
        assert self.end == "open"
        self.end = "whole"
        self._answer(self._turns)

    def on_gone(self) -> None:
        self.end = "gone"

    def on_pause(self) -> None: ...

    def on_resume(self) -> None: ...

    def _answer(self, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._answer, turns - 1)
        elif self.end != "gone":
            self.exchange.send(200, b"", self.exchange.method + b" " + self.body)


class Notes:
    """Answers `turns` of the loop after a request is whole, refuses or fails at what goes to /refused or /broken."""

    def __init__(self, turns: int = 0) -> None:
        self.noted: list[Noted] = []
        self._turns = turns

    def accept(self, exchange: Exchange) -> Noted:
        noted = Noted(exchange, self._turns)
        self.noted.append(noted)
        if exchange.target == b"/refused":
            exchange.send(401, b"", b"no")
        if exchange.target == b"/broken":
            raise ZeroDivisionError
        return noted

    @property
    def told(self) -> list[tuple[Any, ...]]:
        return [noted.told for noted in self.noted]


class Watched(Connection):
    """Counts the requests that were taken without the parser."""

    again = 0

    def _take_again(self, body: bytes) -> None:
        self.again += 1
        super()._take_again(body)


class Forgetful(KeptHead):
    """Finds nothing again, so that each request is parsed."""

    def find(self, data: bytes) -> None: ...


class Wire:
    """A client's side of one connection."""

    def __init__(self, *, turns: int = 0, parsed: bool = False) -> None:
        self.notes, self.pipe = Notes(turns), Pipe()
        self.server = Server(self.notes, Limits(header_bytes=8192, drain_s=0.01, farewell_s=0))
        self.connection = Watched(self.server)
        if parsed:
            self.connection._kept = Forgetful()
        self.connection.connection_made(self.pipe)

    def send(self, *reads: bytes) -> None:
        for read in reads:
            if not self.pipe.closing:
                assert not self.pipe.paused
                self.connection.data_received(read)

    async def send_when_read(self, *reads: bytes) -> None:
        for read in reads:
            for _ in range(40):
                if self.pipe.paused:
                    await asyncio.sleep(0)
            self.send(read)
        for _ in range(40):
            await asyncio.sleep(0)

    @property
    def again(self) -> int:
        return self.connection.again

    @property
    def outcome(self) -> tuple[list[tuple[Any, ...]], bytes]:
        return self.notes.told, bytes(self.pipe.written)

    async def close(self) -> None:
        self.connection.connection_lost(None)
        await self.server.drain()


def on_wire(story: Callable[[Wire], Any], **options: Any) -> Any:
    """Run a story on a fresh connection; it may be a coroutine's."""

    async def run() -> Any:
        wire = Wire(**options)
        try:
            told = story(wire)
            return await told if asyncio.iscoroutine(told) else told
        finally:
            await wire.close()

    return uvloop.run(run())


def outcome(reads: Iterable[bytes], **options: Any) -> tuple[tuple[list[tuple[Any, ...]], bytes], int]:
    """What the application and the client got of these reads, each answered at once, and how many requests were not parsed."""

    def story(wire: Wire) -> tuple[tuple[list[tuple[Any, ...]], bytes], int]:
        wire.send(*reads)
        return wire.outcome, wire.again

    return on_wire(story, **options)


def one_by_one(data: bytes) -> list[bytes]:
    """In bytes: no read holds a whole head, so that the parser sees each."""
    return [data[at : at + 1] for at in range(len(data))]
