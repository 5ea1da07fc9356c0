"""Numbers of a count that is asked for over the network."""

from bisect import bisect_left

from stoa.domain.metrics import FINE_SECONDS, SECONDS, Sheet


class Measured:
    """How long calls took and requests waited, and how many were decided without a count."""

    def __init__(self) -> None:
        self._calls, self._called_s = [0] * (len(FINE_SECONDS) + 1), 0.0
        self._waits, self._waited_s = [0] * (len(SECONDS) + 1), 0.0
        self._alone: dict[str, int] = {}

    def called(self, seconds: float) -> None:
        self._calls[bisect_left(FINE_SECONDS, seconds)] += 1
        self._called_s += seconds

    def waited(self, seconds: float) -> None:
        self._waits[bisect_left(SECONDS, seconds)] += 1
        self._waited_s += seconds

    def decided_alone(self, outcome: str) -> None:
        self._alone[outcome] = self._alone.get(outcome, 0) + 1

    def show(self, sheet: Sheet, *, lost: bool) -> None:
        sheet.add("stoa_limits_lost", int(lost), "redis")
        sheet.observe("stoa_limits_redis_seconds", self._calls, self._called_s)
        sheet.observe("stoa_limits_wait_seconds", self._waits, self._waited_s)
        for outcome, count in self._alone.items():
            sheet.add("stoa_limits_alone_total", count, outcome)
