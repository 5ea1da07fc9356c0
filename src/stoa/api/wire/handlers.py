"""Lets an async handler, which takes whole requests and returns answers, stand behind the server's callbacks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import cast

from stoa.api.wire.messages import Handler, Request, Response
from stoa.domain.exchange import Exchange
from stoa.domain.refusal import refusal, refusal_of
from stoa.errors import StoaError

log = logging.getLogger("stoa.wire")


class HandlerApplication:
    """Runs each request's handler in a task, which is cancelled when the client goes away."""

    def __init__(self, handler: Handler, body_limit: int) -> None:
        self._handler = handler
        self._body_limit = body_limit

    def accept(self, exchange: Exchange) -> _HandlerIntake:
        return _HandlerIntake(self._handler, exchange, self._body_limit)


class _HandlerIntake:
    def __init__(self, handler: Handler, exchange: Exchange, body_limit: int) -> None:
        self._handler = handler
        self._exchange = exchange
        self.body_limit = body_limit
        self._body = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_end(self) -> None:
        # The task is held here and this intake by the connection, so neither is lost while it runs.
        self._task = asyncio.get_running_loop().create_task(self._run())

    def on_gone(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def on_pause(self) -> None:
        self._writable.clear()

    def on_resume(self) -> None:
        self._writable.set()

    async def _run(self) -> None:
        exchange = self._exchange
        path, _, query = exchange.target.decode("latin-1").partition("?")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in exchange.headers.items()}
        request = Request(exchange.method.decode("latin-1"), path, query, headers, bytes(self._body))
        try:
            response = await self._handler(request)
            if isinstance(response.body, bytes):
                exchange.send(response.status, _lines(response.headers), response.body)
            else:
                await self._stream(response, response.body)
        except StoaError as error:
            exchange.send(error.status, b"content-type: application/json\r\n", refusal_of(error))
            exchange.abort()  # only what had begun is still there to be cut
        except Exception:
            log.exception("a handler failed", extra={"path": path})
            body = refusal(500, "internal_error", "Stoa failed to answer; its log says why.")
            exchange.send(500, b"content-type: application/json\r\n", body)
            exchange.abort()

    async def _stream(self, response: Response, pieces: AsyncIterator[bytes]) -> None:
        exchange = self._exchange
        async with contextlib.AsyncExitStack() as stack:
            if isinstance(pieces, AsyncGenerator):
                await stack.enter_async_context(contextlib.aclosing(cast("AsyncGenerator[bytes]", pieces)))  # cast: of bytes
            exchange.start(response.status, _lines(response.headers))
            async for piece in pieces:
                exchange.write(piece)
                await self._writable.wait()
            exchange.finish()


def _lines(headers: Mapping[str, str]) -> bytes:
    for name, value in headers.items():
        if "\r" in name + value or "\n" in name + value:
            raise ValueError(f"header {name!r} holds a line break")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("latin-1")
