"""Clients that mean harm, or leave at the worst moment: nothing crashes, nothing hangs, nothing is left."""

import asyncio
import gc
import logging
from collections.abc import Callable
from typing import Any

import pytest
import uvloop
from tests.piping import Pipe

from stoa.api.wire.answer import WireExchange
from stoa.api.wire.connection import Connection
from stoa.api.wire.handlers import HandlerApplication
from stoa.api.wire.limits import Limits
from stoa.api.wire.messages import Request, Response
from stoa.api.wire.server import Server

HEAD = b"POST / HTTP/1.1\r\nhost: a\r\n"
WHOLE = HEAD + b"content-length: 4\r\n\r\nabcd"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


async def echo(request: Request) -> Response:
    await asyncio.sleep(0)
    return Response(200, request.body)


ECHO = HandlerApplication(echo, 100_000)


def left() -> int:
    """How many connections and exchanges there are in memory, after the collector."""
    gc.collect()
    return sum(isinstance(each, Connection | WireExchange) for each in gc.get_objects())


async def fed(server: Server, pieces: list[bytes]) -> Pipe:
    """A connection that sends these and is gone."""
    connection, pipe = Connection(server), Pipe()
    connection.connection_made(pipe)
    for piece in pieces:
        if pipe.closing:
            break
        connection.data_received(piece)
        await asyncio.sleep(0)
    connection.connection_lost(None)
    await asyncio.sleep(0)
    return pipe


def run(story: Callable[[Server], Any], application: Any = ECHO, **limits: Any) -> Any:
    async def whole() -> Any:
        server = Server(application, Limits(**{"drain_s": 0.01, **limits}))
        try:
            return await story(server)
        finally:
            assert server.connections == 0
            await server.drain()

    return uvloop.run(whole())


def test_clients_that_leave_after_any_byte_leave_nothing(caplog: pytest.LogCaptureFixture) -> None:
    requests = (WHOLE + WHOLE, CHUNKED + b"2\r\nab\r\n0\r\n\r\n", HEAD + b"expect: 100-continue\r\ncontent-length: 1\r\n\r\na")
    before = left()

    async def story(server: Server) -> None:
        for request in requests:
            for end in range(len(request) + 1):
                await fed(server, [request[:end]])

    with caplog.at_level(logging.ERROR):
        run(story)
    assert caplog.records == []
    assert left() == before


def test_a_client_that_leaves_during_its_answer_is_told_to_the_application_once() -> None:
    class Slow:
        body_limit = 100
        gone = 0

        def accept(self, exchange: Any) -> Any:
            self.exchange = exchange
            return self

        def on_body(self, data: bytes) -> None: ...

        def on_end(self) -> None:
            self.exchange.start(200, b"")
            self.exchange.write(b"some")

        def on_gone(self) -> None:
            self.gone += 1

        def on_pause(self) -> None: ...

        def on_resume(self) -> None: ...

    slow = Slow()

    async def story(server: Server) -> None:
        await fed(server, [WHOLE])
        slow.exchange.write(b"more")  # into the void, without harm
        slow.exchange.finish()

    run(story, slow)
    assert slow.gone == 1


def test_no_connection_waits_for_the_collector() -> None:
    """A connection that is over is freed at once: under load the collector comes seldom."""
    left()
    gc.disable()
    try:
        before = sum(isinstance(each, Connection) for each in gc.get_objects())

        async def story(server: Server) -> None:
            for _ in range(50):
                await fed(server, [WHOLE])

        run(story)
        assert sum(isinstance(each, Connection) for each in gc.get_objects()) == before
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("bomb", "status"),
    [
        (b"GET /" + b"a" * 100_000, 431),
        (b"GET / HTTP/1.1\r\nhost: a\r\n" + b"x: y\r\n" * 20_000, 431),
        (b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 100_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"y" * 100_000, 431),
        (HEAD + b"content-length: 99999999999\r\n\r\n" + b"x" * 200_000, 413),
        (CHUNKED + b"10000\r\n" + b"x" * 65_536 + b"\r\n" + b"10000\r\n" + b"x" * 65_536, 413),
        (CHUNKED + b"1\r\nx\r\n" * 110_000, 413),
        (CHUNKED + b"1;" + b"e" * 1_200_000, 400),
        (CHUNKED + b"".join(b"1;%s\r\nx\r\n" % (b"e" * 100) for _ in range(12_000)), 400),
        (CHUNKED + b"0\r\n" + b"x: y\r\n" * 200_000, 400),
    ],
)
def test_bombs_are_refused_at_their_limit(bomb: bytes, status: int) -> None:
    async def story(server: Server) -> tuple[Pipe, int]:
        pieces = [bomb[start : start + 8192] for start in range(0, len(bomb), 8192)]
        connection, pipe, taken = Connection(server), Pipe(), 0
        connection.connection_made(pipe)
        while pieces and not pipe.ended:
            piece = pieces.pop(0)
            taken += len(piece)
            connection.data_received(piece)
        await asyncio.sleep(0)
        connection.connection_lost(None)
        return pipe, taken

    pipe, taken = run(story, header_bytes=10_000)
    assert pipe.written.startswith(b"HTTP/1.1 %d " % status), pipe.written[:200]
    limit = {431: 30_000, 413: 1_100_000, 400: 2_600_000}[status]
    assert taken <= limit, "it was read on after the limit"


@pytest.mark.parametrize(
    ("start", "drip"),
    [(b"", b"G"), (b"GET / HTTP/1.1\r\nhost: a\r\n", b"x"), (b"GET / HTTP/1.1\r\nx: ", b"y")],
    ids=["from the first byte", "a header's name", "a header's value"],
)
async def test_heads_that_drip_in_are_all_given_up(start: Any, drip: bytes) -> None:
    server = Server(ECHO, Limits(read_timeout_s=0.2, drain_s=0.01))
    dripping = [(Connection(server), Pipe()) for _ in range(100)]
    for connection, pipe in dripping:
        connection.connection_made(pipe)
        connection.data_received(start or b"GET /")
    async with asyncio.timeout(10):
        while any(not pipe.ended for _, pipe in dripping):
            for connection, pipe in dripping:
                if not pipe.ended:
                    connection.data_received(drip)
            await asyncio.sleep(0.02)
    assert all(pipe.written.startswith(b"HTTP/1.1 408 ") for _, pipe in dripping)
    for connection, _ in dripping:
        connection.connection_lost(None)
    assert server.connections == 0
    await server.drain()


@pytest.mark.parametrize("framing", [b"content-length: 50000\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n"])
async def test_bodies_that_drip_in_are_given_up(framing: bytes) -> None:
    server = Server(ECHO, Limits(read_timeout_s=0.2, drain_s=0.01))
    connection, pipe = Connection(server), Pipe()
    connection.connection_made(pipe)
    connection.data_received(HEAD + framing)
    async with asyncio.timeout(10):
        while not pipe.ended:
            connection.data_received(b"1\r\nx\r\n" if b"chunked" in framing else b"x")
            await asyncio.sleep(0.02)
    assert pipe.written.startswith(b"HTTP/1.1 408 ")
    connection.connection_lost(None)
    await server.drain()


async def test_a_client_that_never_reads_its_answer_is_cut_off() -> None:
    server = Server(ECHO, Limits(stall_s=0.1, drain_s=0.01))
    connection, pipe = Connection(server), Pipe()
    connection.connection_made(pipe)
    connection.data_received(WHOLE)
    connection.pause_writing()
    async with asyncio.timeout(10):
        while not pipe.closing:  # noqa: ASYNC110 - looks from outside
            await asyncio.sleep(0.02)
    connection.connection_lost(None)
    assert server.connections == 0
    await server.drain()
