"""The count within one process: all or nothing, exact, and there at once."""

from collections.abc import Callable, Sequence

from stoa.domain.counting import Claim, Outcome, Refused
from stoa.gateway.counting.sliding import Sliding
from stoa.gateway.counting.spans import Parallel, Span

_MOST_METERS = 65_536
"""More than these are idle for the most part, and let go of."""
_SOON_S = 1.0  # when a place may become free that only the end of another request makes


class LocalCounter:
    """Implements `domain.counting.Counter`. `clock_ms` tells when something is settled, in UTC milliseconds."""

    patience_s = 0.0

    def __init__(self, clock_ms: Callable[[], int], *, most_meters: int = _MOST_METERS) -> None:
        self._clock_ms = clock_ms
        self._most_meters = most_meters
        self._counts: dict[str, Sliding | Span] = {}

    def __len__(self) -> int:
        """How many meters it keeps."""
        return len(self._counts)

    def claim(self, claims: Sequence[Claim], now_ms: int, told: Callable[[Outcome], None]) -> Outcome | None:
        del told
        known, found = self._counts, list[Sliding | Span]()
        if len(known) > self._most_meters:
            self._let_go(now_ms)
        for claim in claims:
            meter, amount, starts_ms, _, floor = claim
            count = known.get(meter.id)
            if count is None:
                count = known[meter.id] = Sliding() if meter.sliding else Parallel() if meter.unit == "parallel" else Span()
            used = count.used(now_ms, starts_ms, floor)
            if used >= meter.most if meter.unit == "nano_usd" else used + amount > meter.most:
                return Refused(claim, used, now_ms, self._wait_s(count, claim, now_ms))
            found.append(count)
        for count, claim in zip(found, claims, strict=True):
            count.take(claim[1], now_ms)
        return Granted(self._clock_ms, now_ms, found, claims)

    def used(self, claim: Claim, now_ms: int) -> tuple[int, int]:
        count = self._counts.get(claim.meter.id)
        return (claim.floor if count is None else count.used(now_ms, claim.starts_ms, claim.floor)), now_ms

    def _let_go(self, now_ms: int) -> None:
        """Of what is idle; where that is not enough, of the oldest that have nothing under way."""
        counts = self._counts
        for name in [name for name, count in counts.items() if count.idle(now_ms)]:
            del counts[name]
        spare = max(0, len(counts) - self._most_meters * 7 // 8)
        for name in [name for name, count in counts.items() if isinstance(count, Span) and not count.held][:spare]:
            del counts[name]

    @staticmethod
    def _wait_s(count: Sliding | Span, claim: Claim, now_ms: int) -> float:
        if isinstance(count, Sliding):
            return count.wait_s(claim.meter.most, claim.amount)
        return max(_SOON_S, (claim.ends_ms - now_ms) / 1000)


class Granted:
    """Implements `domain.counting.Held`."""

    __slots__ = ("_at_ms", "_claims", "_clock_ms", "_counts")

    def __init__(
        self, clock_ms: Callable[[], int], at_ms: int, counts: Sequence[Sliding | Span], claims: Sequence[Claim]
    ) -> None:
        self._clock_ms = clock_ms
        self._at_ms = at_ms
        self._counts = counts
        self._claims = claims

    def settle(self, amounts: Sequence[int | None]) -> None:
        now_ms = 0
        for count, claim, amount in zip(self._counts, self._claims, amounts, strict=True):
            if amount is None:
                if claim.meter.sliding:
                    continue  # it stays where it is
                amount = claim.amount
            if not now_ms:
                now_ms = self._clock_ms()
            count.settle(claim.amount, amount, self._at_ms, now_ms)
