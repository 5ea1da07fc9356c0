"""An exact upper bound over any sixty seconds, in one small ring of counters a meter."""

BUCKETS = 61  # whole seconds that together cover at least any sixty


class Sliding:
    """How much was used in each of the last seconds.

    What takes from it at every request does so on its fields: `place` is the present second's in `counts`.
    """

    __slots__ = ("counts", "place", "second", "total")

    def __init__(self) -> None:
        self.counts = [0] * BUCKETS
        self.second = 0
        self.place = 0
        self.total = 0

    def used(self, now_ms: int) -> int:
        """What is used in the minute that ends now."""
        second = now_ms // 1000
        if second != self.second:
            self.advance(second)
        return self.total

    def take(self, amount: int) -> None:
        """Count it in the second that was looked at last; a negative amount takes back what was counted in it."""
        self.counts[self.place] += amount
        self.total += amount

    def settle(self, claimed: int, amount: int, at_ms: int, now_ms: int) -> None:
        """What was claimed at a moment came to another amount: less was used then, or more is used now."""
        self.used(now_ms)
        second, by = at_ms // 1000, amount - claimed
        if by > 0 or second > self.second:
            second = self.second
        if self.second - second < BUCKETS:
            place = second % BUCKETS
            by = max(by, -self.counts[place])
            self.counts[place] += by
            self.total += by

    def wait_s(self, most: int, amount: int) -> int:
        """Seconds until so much more will be taken, or until nothing is left that could make room."""
        left = self.total
        for age in range(BUCKETS - 1, -1, -1):
            left -= self.counts[(self.second - age) % BUCKETS]
            if left + amount <= most:
                return BUCKETS - age
        return BUCKETS

    def advance(self, second: int) -> None:
        """To this second. What comes of an earlier one counts with the last, unless the clock was set back by far."""
        if 0 < self.second - second < BUCKETS:
            return
        if abs(second - self.second) >= BUCKETS:
            self.counts = [0] * BUCKETS
            self.total = 0
        else:
            for passed in range(self.second + 1, second + 1):
                self.total -= self.counts[passed % BUCKETS]
                self.counts[passed % BUCKETS] = 0
        self.second = second
        self.place = second % BUCKETS
