"""A server on a real socket, and a client that sends raw bytes to it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
import uvloop

from stoa.api.wire.limits import Limits
from stoa.api.wire.server import Server
from stoa.domain.exchange import Application


def pytest_asyncio_loop_factories(config: Any, item: Any) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    del config, item
    return {"uvloop": uvloop.new_event_loop}


class Client:
    """A raw connection to the server under test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0.005)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Read one answer; its body by length, by chunks, or to the end of the connection."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).decode().split("\r\n")
        status = int(head[0].split()[1])
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        if status == 100:
            return status, headers, b""
        if "content-length" in headers:
            return status, headers, await self.reader.readexactly(int(headers["content-length"]))
        body = bytearray()
        if headers.get("transfer-encoding") == "chunked":
            while size := int((await self.reader.readuntil(b"\r\n")).strip(), 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            assert await self.reader.readexactly(2) == b"\r\n"
            return status, headers, bytes(body)
        return status, headers, await self.reader.read()

    async def ended(self) -> bool:
        """Whether the server hangs up without another byte."""
        try:
            return await asyncio.wait_for(self.reader.read(), 10) == b""
        except ConnectionResetError:
            return True

    async def exchange(self, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
        await self.send(*pieces)
        return await self.answer()


Start = Callable[..., Any]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """`await start(application, **limits)` gives a function that opens a client."""
    async with contextlib.AsyncExitStack() as stack:

        async def begin(application: Application, **limits: Any) -> Callable[[], Any]:
            listening = socket.create_server(("127.0.0.1", 0))
            server = Server(application, Limits(**{"drain_s": 0.1, **limits}))
            await server.listen([listening])
            stack.push_async_callback(server.drain)
            port = listening.getsockname()[1]

            async def connect() -> Client:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                stack.callback(writer.close)
                return Client(reader, writer)

            connect.server = server  # type: ignore[attr-defined]
            return connect

        yield begin
