"""Requests per minute: an exact upper bound over any sixty seconds, in one small ring of counters a key."""

_BUCKETS = 61  # whole seconds that together cover at least any sixty


class Window:
    """Implements `domain.limits.Window` in this process: how many requests one key made in each of the last seconds."""

    __slots__ = ("_counts", "_second", "total")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self._second = 0
        self.total = 0

    def take(self, limit: int, second: int) -> bool:
        """Count a request in, unless `limit` of them were made within a minute before it.

        One of an earlier second than the last counts with the last.
        """
        if second != self._second:
            second = self._advance(second)
        if self.total >= limit:
            return False
        self._counts[second % _BUCKETS] += 1
        self.total += 1
        return True

    def wait_s(self, limit: int) -> int:
        """Seconds until the next request will be taken, after a refusal."""
        left = self.total
        for age in range(_BUCKETS - 1, 0, -1):
            left -= self._counts[(self._second - age) % _BUCKETS]
            if left < limit:
                return _BUCKETS - age
        return _BUCKETS

    def _advance(self, second: int) -> int:
        if second < self._second:
            return self._second
        if second - self._second >= _BUCKETS:
            self._counts = [0] * _BUCKETS
            self.total = 0
        else:
            for passed in range(self._second + 1, second + 1):
                self.total -= self._counts[passed % _BUCKETS]
                self._counts[passed % _BUCKETS] = 0
        self._second = second
        return second


def new_window(key: str) -> Window:
    """A key's window where there is but one process."""
    del key
    return Window()
