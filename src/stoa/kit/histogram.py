"""Times counted in buckets a quarter of an octave wide, so that percentiles of them are within 10 % of the true value.

Counts of several places add up column by column, which percentiles of several places never do.
"""

from collections.abc import Iterable, Sequence

BOUNDS_MS = tuple(2 ** (number / 4) for number in range(81))
"""From 1 ms to 17 minutes; `bisect_left(BOUNDS_MS, ms)` is the bucket of a time."""
BUCKETS = len(BOUNDS_MS) + 1


def added(histograms: Iterable[Sequence[int]]) -> list[int]:
    """The counts of all; an empty one counts nothing."""
    return [sum(column) for column in zip(*(each for each in histograms if each), strict=True)]


def percentile(counts: Sequence[int], share: float) -> float | None:
    """The value in milliseconds that this share of all values does not exceed; None without values."""
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
