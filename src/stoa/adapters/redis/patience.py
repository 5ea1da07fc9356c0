"""A bound on how long an answer is waited for, which forgives an event loop that was held up itself, within a bound again.

A loop that was late finds the bound passed and the answer there, or on its way: it looks on for a moment, until `_MOST_S` have
passed since the beginning, and then for a few turns, in which it reads what lies in the socket. So whoever waits is let go
after `_MOST_S` and `_TURNS` turns of the loop at the latest, whatever Redis does; how long turns take is the loop's affair, and
the same for everybody in it. A client that takes a cancellation for something else, as redis-py does in places, is cancelled
again.
"""

import asyncio
from types import TracebackType

_MOST_S = 0.045
_TURNS = 6  # libuv runs timers before it reads, and whoever waits for what was read runs a turn later
_LATE_S = 0.005
_LOOK_S = 0.01
_AGAIN_S = 0.005


class Patience:
    """`async with Patience(0.02)`: raises TimeoutError when the body takes longer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._turns = 0
        self._cancelled = 0

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._loop = asyncio.get_running_loop()
        began = self._loop.time()
        self._due, self._most = began + self._seconds, began + _MOST_S
        self._timer: asyncio.Handle = self._loop.call_at(self._due, self._end)

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
        now = self._loop.time()
        late = now - self._due > _LATE_S
        if not self._cancelled and late and now < self._most:
            self._due = min(now + _LOOK_S, self._most)
            self._timer = self._loop.call_at(self._due, self._end)
        elif not self._cancelled and self._turns < _TURNS and (late or self._turns):
            self._turns += 1
            self._timer = self._loop.call_soon(self._end)
        else:
            self._cancelled += 1
            self._task.cancel()
            self._timer = self._loop.call_later(_AGAIN_S, self._end)
