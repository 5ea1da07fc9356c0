"""The times that a route sets for one try: looked after by one timer for all tries under way that have any."""

import asyncio
from time import perf_counter
from typing import Protocol

from stoa.domain.resources import Timeouts

EVERY_S = 0.1
SPEED_OVER_S = 10.0
"""What a stream's speed is measured over."""
_CHARACTERS_PER_TOKEN = 4


class Timed(Protocol):
    """A try, as it is looked at. Times are of `perf_counter`."""

    began_at: float
    heard: int
    """Pieces of the answer so far."""
    first_at: float
    """When the first content of a stream came; 0 before."""
    paused: bool
    """The client reads slowly: the upstream is not to blame."""

    @property
    def over(self) -> bool: ...

    @property
    def begun(self) -> bool:
        """The first content of a stream has come, or the first byte of a whole answer."""
        ...

    def characters(self) -> int: ...

    def time_out(self, what: str) -> None: ...


class Watched:
    """A try and the times it is given. `now` is of `perf_counter`."""

    __slots__ = ("at", "characters", "heard", "since", "timeouts")

    def __init__(self, timeouts: Timeouts, now: float) -> None:
        self.timeouts = timeouts
        self.heard = 0
        self.at = now  # when something new was last seen
        self.since = 0.0  # when the speed was last measured
        self.characters = 0


class Deadlines:
    """Needs a running loop while tries are under way."""

    def __init__(self) -> None:
        self._watched: dict[Timed, Watched] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, timed: Timed, timeouts: Timeouts) -> None:
        self._watched[timed] = Watched(timeouts, timed.began_at)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._look)

    def __len__(self) -> int:
        return len(self._watched)

    def _look(self) -> None:
        now = perf_counter()
        for timed, watched in tuple(self._watched.items()):
            if timed.over:
                del self._watched[timed]
                continue
            problem = late(timed, watched, now)
            if problem is not None:
                del self._watched[timed]
                timed.time_out(problem)
        self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._look) if self._watched else None


def late(timed: Timed, watched: Watched, now: float) -> str | None:
    """Which of the times is over, as the rest of a sentence about the target."""
    limits = watched.timeouts
    if limits.total_s is not None and now - timed.began_at > limits.total_s:
        return f"it did not finish within {limits.total_s:g} s"
    if not timed.begun and limits.first_token_s is not None and now - timed.began_at > limits.first_token_s:
        return f"it gave no content within {limits.first_token_s:g} s"
    if timed.heard != watched.heard or timed.paused:
        watched.heard, watched.at = timed.heard, now
    elif limits.idle_s is not None and watched.heard and now - watched.at > limits.idle_s:
        return f"it sent nothing for {limits.idle_s:g} s in the middle of its answer"
    return _slow(timed, watched, limits.min_tokens_per_s, now) if limits.min_tokens_per_s is not None else None


def _slow(timed: Timed, watched: Watched, least: float, now: float) -> str | None:
    if timed.first_at == 0.0:
        return None
    if timed.paused or watched.since == 0.0:
        watched.since, watched.characters = (now, timed.characters()) if timed.paused else (timed.first_at, 0)
    elif now - watched.since >= SPEED_OVER_S:
        characters = timed.characters()
        speed = (characters - watched.characters) / _CHARACTERS_PER_TOKEN / (now - watched.since)
        if speed < least:
            return f"it gave {speed:.1f} tokens a second, and at least {least:g} are asked for"
        watched.since, watched.characters = now, characters
    return None
