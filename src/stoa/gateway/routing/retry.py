"""Further tries at the same target: which failures, after how long, and how many for all requests of a route together."""

from stoa.domain.operations import ErrorClass
from stoa.domain.resources import Retries

FLOOR = 5
"""Retries in ten seconds that a route may always make: as many as one request may have."""
_WINDOW_S = 10
_SPREAD = 0.1


def retry_after_s(retries: Retries, made: int, error_class: ErrorClass, told_s: float | None, draw: float) -> float | None:
    """How long to wait before the same target is tried again, None for not again.

    `made` is how many retries there were, `told_s` the provider's Retry-After, `draw` in [0, 1). The wait is exponential with
    full jitter; what the provider told is waited for in full and up to a tenth longer, unless it is more than `most_wait_s`.
    """
    if made >= retries.attempts or error_class not in retries.on:
        return None
    if told_s is not None and told_s > 0:
        return told_s * (1 + _SPREAD * draw) if told_s <= retries.most_wait_s else None
    return min(retries.wait_s * 2**made, retries.most_wait_s) * draw


class RetryBudget:
    """Retries and hedges of one route: at most a share of its requests in the last ten seconds, and never less than FLOOR.

    A share of 0 allows none. `now` is in seconds of a clock that never goes back.
    """

    __slots__ = ("_extra", "_requests", "_second", "share")

    def __init__(self, share: float) -> None:
        self.share = share
        self._requests = [0] * _WINDOW_S
        self._extra = [0] * _WINDOW_S
        self._second = 0

    def requested(self, now: float) -> None:
        """A request came."""
        second = int(now)
        if second != self._second:
            self._advance(second)
        self._requests[second % _WINDOW_S] += 1

    def allows(self, now: float) -> bool:
        """Whether one more retry or hedge may be sent."""
        second = int(now)
        if second != self._second:
            self._advance(second)
        return self.share > 0 and sum(self._extra) < max(FLOOR, self.share * sum(self._requests))

    def take(self, now: float) -> bool:
        """The same; if so, it counts as sent."""
        if not self.allows(now):
            return False
        self._extra[int(now) % _WINDOW_S] += 1
        return True

    def _advance(self, second: int) -> None:
        for passed in range(max(self._second + 1, second - _WINDOW_S + 1), second + 1):
            self._requests[passed % _WINDOW_S] = 0
            self._extra[passed % _WINDOW_S] = 0
        self._second = second
