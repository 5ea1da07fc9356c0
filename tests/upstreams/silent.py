"""A server that takes connections and never says a word."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator


@contextlib.asynccontextmanager
async def silent() -> AsyncGenerator[int]:
    """Its port on 127.0.0.1. Connections are closed at the end."""
    writers: list[asyncio.StreamWriter] = []

    async def taken(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    server = await asyncio.start_server(taken, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
