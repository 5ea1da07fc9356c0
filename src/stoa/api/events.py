"""Server-sent events: how long work is followed over HTTP."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Generic, TypeVar

from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

KEEP_ALIVE_S = 15.0
KEEP_ALIVE = b": still here\n\n"
"""A comment: proxies see life, and a connection whose other end is gone is found out."""

_T = TypeVar("_T")


class EventStream(StreamingResponse):
    """A response of events. `on_close` is called once, when the last was sent or the client has gone."""

    media_type = "text/event-stream"

    # FastAPI reads the default status for the OpenAPI document from this signature.
    def __init__(self, events: AsyncIterator[bytes], *, on_close: Callable[[], None], status_code: int = 200) -> None:
        super().__init__(events, status_code, headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self._on_close = on_close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._on_close()


def event(name: str, data: BaseModel) -> bytes:
    """One event; JSON has no line breaks of its own."""
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n".encode()


class Following(Generic[_T]):
    """A generator read in a task of its own, a little ahead, so that waiting for its next item may be cancelled."""

    _AHEAD = 64

    def __init__(self, source: AsyncGenerator[_T]) -> None:
        self._items: asyncio.Queue[_T | BaseException | None] = asyncio.Queue(self._AHEAD)
        self._task = asyncio.create_task(self._read(source))

    def __aiter__(self) -> "Following[_T]":
        return self

    async def __anext__(self) -> _T:
        """Raises what the source raised, at its place."""
        item = await self._items.get()
        if item is None:
            raise StopAsyncIteration
        if isinstance(item, BaseException):
            raise item
        return item

    def stop(self) -> None:
        """Close the source. Does nothing once it has ended."""
        self._task.cancel()

    async def _read(self, source: AsyncGenerator[_T]) -> None:
        async with aclosing(source):
            try:
                async for item in source:
                    await self._items.put(item)
            except Exception as error:  # noqa: BLE001 - handed on to whoever reads
                await self._items.put(error)
            await self._items.put(None)


async def kept_alive(
    source: AsyncIterator[_T], encode: Callable[[_T], bytes], *, every_s: float = KEEP_ALIVE_S
) -> AsyncGenerator[bytes]:
    """The encoded items of a source whose `__anext__` may be cancelled, with comments where it pauses."""
    while True:
        try:
            async with asyncio.timeout(every_s):
                item = await anext(source)
        except TimeoutError:
            yield KEEP_ALIVE
        except StopAsyncIteration:
            return
        else:
            yield encode(item)
