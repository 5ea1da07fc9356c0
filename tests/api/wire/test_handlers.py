import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

from stoa.api.wire.handlers import HandlerApplication
from stoa.api.wire.messages import Request, Response
from stoa.errors import NotFound

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


async def test_pieces_are_sent_as_they_come(start) -> None:
    gate = asyncio.Event()

    async def handler(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"one "
            await gate.wait()
            yield b"two"

        return Response(200, pieces(), {"content-type": "text/plain"})

    client = await (await start(HandlerApplication(handler, 10)))()
    await client.send(GET)
    assert b"chunked" in await client.reader.readuntil(b"\r\n\r\n")
    assert await client.reader.readexactly(9) == b"4\r\none \r\n"
    gate.set()
    assert await client.reader.readuntil(b"0\r\n\r\n") == b"3\r\ntwo\r\n0\r\n\r\n"
    assert (await client.exchange(GET))[2] == b"one two"


async def test_an_old_client_gets_pieces_until_the_connection_ends(start) -> None:
    async def handler(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"one "
            yield b"two"

        return Response(200, pieces())

    client = await (await start(HandlerApplication(handler, 10)))()
    assert (await client.exchange(b"GET / HTTP/1.0\r\n\r\n"))[2] == b"one two"


async def test_a_client_that_goes_away_stops_the_pieces(start) -> None:
    closed = asyncio.Event()

    async def handler(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x"
                    await asyncio.sleep(0.01)
            finally:
                closed.set()

        return Response(200, pieces())

    client = await (await start(HandlerApplication(handler, 10)))()
    await client.send(GET)
    await client.reader.readexactly(10)
    client.writer.close()
    await asyncio.wait_for(closed.wait(), 5)


async def test_a_client_that_goes_away_cancels_a_handler_at_work(start) -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    client = await (await start(HandlerApplication(handler, 10)))()
    await client.send(GET)
    await started.wait()
    client.writer.close()
    await asyncio.wait_for(cancelled.wait(), 5)


async def test_an_error_of_the_tree_has_its_status_and_form(start) -> None:
    async def handler(request: Request) -> Response:
        raise NotFound("There is no 'x'.", param="model")

    client = await (await start(HandlerApplication(handler, 10)))()
    status, _, body = await client.exchange(GET)
    assert status == 404
    assert json.loads(body) == {
        "error": {"message": "There is no 'x'.", "type": "not_found_error", "param": "model", "code": "not_found"}
    }


async def test_a_handler_that_fails_midway_cuts_the_connection(start) -> None:
    async def handler(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"x"
            raise ZeroDivisionError

        return Response(200, pieces())

    client = await (await start(HandlerApplication(handler, 10)))()
    await client.send(GET)
    rest = b""
    with contextlib.suppress(ConnectionResetError):
        rest = await client.reader.read()
    assert not rest.endswith(b"0\r\n\r\n")


async def test_a_client_that_reads_slowly_holds_the_pieces_back(start) -> None:
    made = 0

    async def handler(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            nonlocal made
            for _ in range(500):
                made += 1
                yield b"x" * 100_000

        return Response(200, pieces())

    client = await (await start(HandlerApplication(handler, 10)))()
    await client.send(GET)
    before = -1
    while made != before:
        before = made
        await asyncio.sleep(0.1)
    assert made < 200, "50 MB were made for a client that reads nothing"
    status, _, body = await client.answer()
    assert (status, len(body)) == (200, 50_000_000)


async def test_a_client_that_never_reads_is_given_up(start) -> None:
    closed = asyncio.Event()

    async def handler(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 100_000
            finally:
                closed.set()

        return Response(200, pieces())

    client = await (await start(HandlerApplication(handler, 10), stall_s=0.2))()
    await client.send(GET)
    await asyncio.wait_for(closed.wait(), 5)
