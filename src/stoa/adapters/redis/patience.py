"""A bound on how long an answer is waited for, which counts only what others let wait.

An event loop that was held up itself finds the bound passed and the answer there: it gets a look at the answer first. A client
that takes a cancellation for something else, as redis-py does in a few places, is cancelled again.
"""

import asyncio
from types import TracebackType

_LATE_S = 0.005
_LOOK_S = 0.01
_LOOKS = 3
_AGAIN_S = 0.005


class Patience:
    """`async with Patience(0.05)`: raises TimeoutError when the body takes longer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._looks = 0
        self._cancelled = 0

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + self._seconds
        self._timer = self._loop.call_at(self._due, self._end)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        left = self._cancelling
        for _ in range(self._cancelled):
            left = self._task.uncancel()
        if self._cancelled and left <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _end(self) -> None:
        if not self._cancelled and self._looks < _LOOKS and self._loop.time() - self._due > _LATE_S:
            self._looks += 1
            self._due = self._loop.time() + _LOOK_S
            self._timer = self._loop.call_at(self._due, self._end)
            return
        self._cancelled += 1
        self._task.cancel()
        self._timer = self._loop.call_later(_AGAIN_S, self._end)
