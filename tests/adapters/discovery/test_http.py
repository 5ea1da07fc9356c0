import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from stoa.adapters.discovery.http import HttpModelLister
from stoa.errors import InternalError

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A scripted server on loopback: its base URL, and the request lines it was sent."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1", asked


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)


async def test_a_server_tells_its_models() -> None:
    body = b'{"object": "list", "data": [{"id": "llama3.2", "object": "model"}, {"id": "qwen3"}]}'
    async with server(ok(body)) as (url, asked):
        assert await HttpModelLister().models(url) == ["llama3.2", "qwen3"]
    assert asked == [b"GET /v1/models HTTP/1.1"]


@pytest.mark.parametrize(
    "answer", [ok(b"<html>"), ok(b'{"data": 1}'), b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", b""]
)
async def test_another_kind_of_server_is_none(answer: bytes) -> None:
    async with server(answer) as (url, _):
        assert await HttpModelLister().models(url) is None


async def test_nobody_there_is_none() -> None:
    async with server(b"") as (url, _):
        pass
    assert await HttpModelLister().models(url) is None


async def test_nobody_outside_this_machine_is_asked() -> None:
    with pytest.raises(InternalError, match="not on this machine"):
        await HttpModelLister().models("https://api.openai.com/v1")
