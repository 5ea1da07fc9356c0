"""What streams do when the core is full: each rests for a moment after a piece, so that the next ones come together.

A piece of a stream costs a read and a write, however small it is. Of a full core the cost shows as a queue, in which the first
word of a new answer waits behind the hundredth words of all others. Two pieces in one read cost half as much: then the queue
goes, and what it cost a stream is evenness. Nothing rests on a core that is not full.
"""

import asyncio
from time import perf_counter, thread_time
from typing import Protocol

TICK_S = 0.002
REST_S = 0.034
_SLOTS = round(REST_S / TICK_S)
_LOOK_EVERY = 50  # ticks
_FULL = 0.72  # of a core; what this thread gets of it may be less than the whole, where others share it
_ROOM = 0.4  # much less than what is full, for at rest the same streams cost less
_NEWEST = 0.2  # what one look weighs: a moment's burst is not a full core


class Resting(Protocol):
    def go_on(self) -> None:
        """The rest is over."""
        ...


class Pressure:
    """How full the loop's thread is. Needs a running loop; ticks while streams come in, and no longer."""

    def __init__(self) -> None:
        self.full = False
        self.heard = False
        """Set by whoever takes a piece of a stream."""
        self._timer: asyncio.TimerHandle | None = None
        self._slots: list[list[Resting]] = [[] for _ in range(_SLOTS)]
        self._tick = 0
        self._at = self._used = self._share = 0.0

    def watch(self) -> None:
        """A stream has begun."""
        if self._timer is None:
            self._at, self._used = perf_counter(), thread_time()
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._turn)

    def rest(self, stream: Resting) -> None:
        """Have the stream told when `REST_S` are over."""
        self._slots[self._tick % _SLOTS].append(stream)

    def close(self) -> None:
        self.full = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _turn(self) -> None:
        self._tick += 1
        slot = self._tick % _SLOTS
        rested, self._slots[slot] = self._slots[slot], []
        for stream in rested:
            stream.go_on()
        if self._tick % _LOOK_EVERY == 0:
            self._look()
            if not self.heard and not any(self._slots):
                self._timer, self.full, self._share = None, False, 0.0
                return
            self.heard = False
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._turn)

    def _look(self) -> None:
        now, used = perf_counter(), thread_time()
        self._share += _NEWEST * ((used - self._used) / (now - self._at) - self._share)
        self._at, self._used = now, used
        if self._share > _FULL:
            self.full = True
        elif self._share < _ROOM:
            self.full = False
