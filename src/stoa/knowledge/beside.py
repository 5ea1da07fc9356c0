"""Work on a stream of batches in stages, each at another batch: one is made and one is put away while one is dealt with."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from types import TracebackType
from typing import Self, TypeVar

_T = TypeVar("_T")


async def ahead(stream: AsyncIterator[_T]) -> AsyncGenerator[_T]:
    """The same, the next one being made while the last one is dealt with: one ahead and no more."""

    async def following() -> _T | None:
        return await anext(stream, None)

    coming = asyncio.create_task(following())
    try:
        while (one := await coming) is not None:
            coming = asyncio.create_task(following())
            yield one
    finally:
        coming.cancel()
        await asyncio.wait([coming])
        if not coming.cancelled():
            coming.exception()  # whoever went away does not want to know
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


class Behind:
    """Puts away what was dealt with, one at a time and in order. What fails is raised by the next call, or at the end.

    At the end of the block all of it is done; where the block fails, what is under way is still done, and then that is raised.
    """

    def __init__(self) -> None:
        self._last: asyncio.Task[None] | None = None

    async def do(self, work: Coroutine[None, None, None]) -> None:
        """Begin with it once the one before is done."""
        try:
            await self._done()
        except BaseException:
            work.close()
            raise
        self._last = asyncio.create_task(work)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self._done()
        elif self._last is not None:
            if isinstance(error, asyncio.CancelledError):
                self._last.cancel()
            await asyncio.wait([self._last])
            if not self._last.cancelled():
                self._last.exception()  # the first error is told

    async def _done(self) -> None:
        if self._last is not None:
            last, self._last = self._last, None
            try:
                await last
            except asyncio.CancelledError:
                last.cancel()
                await asyncio.wait([last])
                raise
