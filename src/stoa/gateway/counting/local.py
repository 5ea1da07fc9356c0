"""The count within one process: all or nothing, exact, and there at once.

Every request of a limited key comes through `claim` and `settle`, so these two work on the fields of what they count.
"""

from collections.abc import Callable, Sequence

from stoa.domain.counting import Claim, Meter, Outcome, Refused
from stoa.gateway.counting.sliding import Sliding
from stoa.gateway.counting.spans import Span

_MOST_METERS = 65_536
"""More than these are idle for the most part, and let go of."""
_SOON_S = 1.0  # when a place may become free that only the end of another request makes

Count = Sliding | Span


class LocalCounter:
    """Implements `domain.counting.Counter`. `clock_ms` tells when something is settled, in UTC milliseconds."""

    patience_s = 0.0

    def __init__(self, clock_ms: Callable[[], int], *, most_meters: int = _MOST_METERS) -> None:
        self._clock_ms = clock_ms
        self._most_meters = most_meters
        self._counts: dict[str, Count] = {}
        self.generation = 0
        """Grows when counts are let go of, so that whoever holds some asks for them again."""

    def __len__(self) -> int:
        """How many meters it keeps."""
        return len(self._counts)

    def claim(self, claims: Sequence[Claim], now_ms: int, told: Callable[[Outcome], None]) -> Outcome | None:
        known, counts = self._counts, list[Count]()
        if len(known) > self._most_meters:
            self._let_go(now_ms)
        for claim in claims:
            meter, amount, starts_ms, _, floor = claim
            count = known.get(meter.id)
            if count is None:
                count = known[meter.id] = _count_of(meter)
            if type(count) is Sliding:
                second = now_ms // 1000
                if second != count.second:
                    count.advance(second)
                total = count.total + amount
                if total > meter.most:
                    return self._refused(claims, counts, claim, count, now_ms)
                count.total = total
                count.counts[count.place] += amount
            else:
                assert type(count) is Span
                if starts_ms != count.start:
                    count.roll(starts_ms)
                used = max(count.settled, floor) + count.held
                if used >= meter.most if meter.unit == "nano_usd" else used + amount > meter.most:
                    return self._refused(claims, counts, claim, count, now_ms)
                count.held += amount
            counts.append(count)
        return Granted(counts, claims, now_ms, self._clock_ms)

    def count_of(self, meter: Meter) -> Count:
        """The count itself, made if it is not there."""
        count = self._counts.get(meter.id)
        if count is None:
            count = self._counts[meter.id] = _count_of(meter)
        return count

    def used(self, claim: Claim, now_ms: int) -> tuple[int, int]:
        count = self._counts.get(claim[0].id)
        if count is None:
            return claim.floor, now_ms
        return (count.used(now_ms) if type(count) is Sliding else _of_span(count, claim)), now_ms

    def _refused(self, claims: Sequence[Claim], taken: Sequence[Count], claim: Claim, count: Count, now_ms: int) -> Refused:
        """One did not fit: what the ones before it took is given back."""
        for each, before in zip(taken, claims, strict=False):
            if isinstance(each, Sliding):
                each.take(-before.amount)
            else:
                each.held -= before.amount
        if isinstance(count, Sliding):
            return Refused(claim, count.used(now_ms), now_ms, count.wait_s(claim.meter.most, claim.amount))
        return Refused(claim, _of_span(count, claim), now_ms, max(_SOON_S, (claim.ends_ms - now_ms) / 1000))

    def _let_go(self, now_ms: int) -> None:
        """Of what is idle; where that is not enough, of the oldest that have nothing under way."""
        self.generation += 1
        counts = self._counts
        for name in [name for name, count in counts.items() if _idle(count, now_ms)]:
            del counts[name]
        spare = max(0, len(counts) - self._most_meters * 7 // 8)
        for name in [name for name, count in counts.items() if isinstance(count, Span) and not count.held][:spare]:
            del counts[name]


def _count_of(meter: Meter) -> Count:
    if meter.sliding:
        return Sliding()
    return Span(keeps=meter.unit != "parallel")


class Granted:
    """Implements `domain.counting.Held`."""

    __slots__ = ("at_ms", "claims", "clock_ms", "counts")

    def __init__(self, counts: list[Count], claims: Sequence[Claim], at_ms: int, clock_ms: Callable[[], int]) -> None:
        self.counts = counts
        self.claims = claims
        self.at_ms = at_ms
        self.clock_ms = clock_ms

    def settle(self, amounts: Sequence[int | None]) -> None:
        for count, claim, amount in zip(self.counts, self.claims, amounts, strict=True):
            claimed = claim[1]
            if type(count) is Sliding:
                if amount is not None and amount != claimed:
                    count.settle(claimed, amount, self.at_ms, self.clock_ms())
            else:
                assert type(count) is Span
                count.held -= claimed
                if count.keeps:
                    count.settled += claimed if amount is None else amount


def _of_span(count: Count, claim: Claim) -> int:
    assert isinstance(count, Span)
    return count.used(claim.starts_ms, claim.floor)


def _idle(count: Count, now_ms: int) -> bool:
    """Whether nothing is lost with it."""
    if isinstance(count, Sliding):
        return count.used(now_ms) == 0
    return count.held == 0 and count.settled == 0
