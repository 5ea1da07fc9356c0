"""What happened at a target in the last five minutes, counted by the minute; and means in which recent values weigh more.

Percentiles come from buckets a quarter of an octave wide, so they are within 10 % of the true value.
"""

from bisect import bisect_left
from collections.abc import Iterable
from math import exp2

SLOT_S = 60.0
SLOTS = 5
BOUNDS_MS = tuple(2 ** (number / 4) for number in range(81))  # 1 ms to 17 minutes
_BUCKETS = len(BOUNDS_MS) + 1


class Slot:
    """Counts of one minute."""

    __slots__ = ("failed", "first_token", "given_up", "good", "latency", "number", "refused")

    def __init__(self) -> None:
        self.clear(-1)

    def clear(self, number: int) -> None:
        self.number = number
        self.good = 0
        self.failed = 0
        self.refused = 0
        self.given_up = 0
        self.latency = [0] * _BUCKETS
        self.first_token = [0] * _BUCKETS

    def first_token_of(self, ms: float) -> None:
        self.first_token[bisect_left(BOUNDS_MS, ms)] += 1


class Window:
    """A ring of slots. `now` is in seconds of a clock that never goes back."""

    __slots__ = ("_ring", "current", "ends")

    def __init__(self) -> None:
        self._ring = [Slot() for _ in range(SLOTS)]
        self.ends = float("-inf")
        self.current = self._ring[0]

    def at(self, now: float) -> Slot:
        """The slot to count in."""
        return self.current if now < self.ends else self._turn(now)

    def recent(self, now: float) -> list[Slot]:
        """The slots of the window that ends now."""
        oldest = int(now // SLOT_S) - SLOTS
        return [slot for slot in self._ring if slot.number > oldest]

    @staticmethod
    def span_s(now: float, since: float) -> float:
        """How many seconds the recent slots cover, when counting began at `since`; at least 1."""
        return max(1.0, min(now - since, now % SLOT_S + (SLOTS - 1) * SLOT_S))

    def _turn(self, now: float) -> Slot:
        number = int(now // SLOT_S)
        slot = self.current = self._ring[number % SLOTS]
        slot.clear(number)
        self.ends = (number + 1) * SLOT_S
        return slot


def percentile(histograms: Iterable[list[int]], share: float) -> float | None:
    """The value in milliseconds that this share of all values does not exceed; None without values."""
    counts = [sum(column) for column in zip(*histograms, strict=True)]
    total = sum(counts)
    if not total:
        return None
    rank, below = share * total, 0
    for number, count in enumerate(counts):
        if count and below + count >= rank:
            low = BOUNDS_MS[number - 1] if number else 0.0
            high = BOUNDS_MS[number] if number < len(BOUNDS_MS) else low
            return low + (high - low) * (rank - below) / count
        below += count
    return BOUNDS_MS[-1]


class RecentMean:
    """A mean in which a value's weight halves with every `half_life_s` that it is old, however many came since.

    The weights are summed beside the values, so that the first values count fully and a burst is averaged evenly.
    """

    __slots__ = ("_at", "_half_life_s", "_total", "_weight")

    _STEP_S = 0.25  # weights are only lowered this often: an exponential costs more than the addition

    def __init__(self, half_life_s: float) -> None:
        self._half_life_s = half_life_s
        self._total = 0.0
        self._weight = 0.0
        self._at = 0.0

    def add(self, now: float, value: float) -> None:
        age = now - self._at
        if age > self._STEP_S:
            left = exp2(-age / self._half_life_s)
            self._total *= left
            self._weight *= left
            self._at = now
        self._total += value
        self._weight += 1.0

    def value(self) -> float | None:
        """None before the first value."""
        return self._total / self._weight if self._weight > 1e-12 else None
