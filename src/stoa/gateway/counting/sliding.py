"""An exact upper bound over any sixty seconds, in one small ring of counters a meter."""

_BUCKETS = 61  # whole seconds that together cover at least any sixty


class Sliding:
    """How much was used in each of the last seconds."""

    __slots__ = ("_counts", "_second", "total")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self._second = 0
        self.total = 0

    def used(self, now_ms: int, starts_ms: int = 0, floor: int = 0) -> int:
        """What is used in the minute that ends now."""
        del starts_ms, floor
        second = now_ms // 1000
        if second != self._second:
            self._advance(second)
        return self.total

    def take(self, amount: int, now_ms: int) -> None:
        """Count it now. To be called after `used` of the same moment."""
        del now_ms
        self._counts[self._second % _BUCKETS] += amount
        self.total += amount

    def settle(self, claimed: int, amount: int, at_ms: int, now_ms: int) -> None:
        """What was claimed at a moment came to another amount: less was used then, or more is used now."""
        self.used(now_ms)
        second, by = at_ms // 1000, amount - claimed
        if by > 0 or second > self._second:
            second = self._second
        if self._second - second < _BUCKETS:
            place = second % _BUCKETS
            by = max(by, -self._counts[place])
            self._counts[place] += by
            self.total += by

    def wait_s(self, most: int, amount: int) -> int:
        """Seconds until so much more will be taken, or until nothing is left that could make room."""
        left = self.total
        for age in range(_BUCKETS - 1, -1, -1):
            left -= self._counts[(self._second - age) % _BUCKETS]
            if left + amount <= most:
                return _BUCKETS - age
        return _BUCKETS

    def idle(self, now_ms: int) -> bool:
        return self.used(now_ms) == 0

    def _advance(self, second: int) -> None:
        """To this second. What comes of an earlier one counts with the last, unless the clock was set back by far."""
        if 0 < self._second - second < _BUCKETS:
            return
        if abs(second - self._second) >= _BUCKETS:
            self._counts = [0] * _BUCKETS
            self.total = 0
        else:
            for passed in range(self._second + 1, second + 1):
                self.total -= self._counts[passed % _BUCKETS]
                self._counts[passed % _BUCKETS] = 0
        self._second = second
