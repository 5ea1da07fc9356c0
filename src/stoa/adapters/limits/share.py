"""What one process may use of a meter while nobody can be asked, and has used: of the last minute, or since then."""

from collections import deque

from stoa.domain.counting import Claim, Meter

_SLIDING_S = 61


class Share:
    """Of one meter. Seconds are of whichever clock its owner counts by."""

    __slots__ = ("_seconds", "_sliding", "_total")

    def __init__(self, meter: Meter) -> None:
        self._sliding = meter.sliding
        self._seconds = deque[list[int]]()
        self._total = 0

    def lacks(self, claim: Claim, second: int, *, under_way: int, known: int) -> int | None:
        """How much is used where the claim does not fit; None where it does.

        `under_way` is what this process holds of it, and `known` all that it knows to be used, both as of now.
        """
        meter = claim.meter
        allowed, used = int(meter.most * meter.open_share), self.used(second)
        match meter.unit:
            case "parallel":
                return None if under_way + claim.amount <= allowed else under_way
            case "nano_usd":
                return None if used < allowed and known < meter.most else max(used, known)
            case "requests" | "tokens":
                return None if used + claim.amount <= allowed else used

    def used(self, second: int) -> int:
        seconds = self._seconds
        while seconds and second - seconds[0][0] >= _SLIDING_S:
            self._total -= seconds.popleft()[1]
        return self._total

    def add(self, amount: int, second: int) -> None:
        """Below zero what a request that was let through came to less."""
        self._total += amount
        if not self._sliding:
            return
        seconds = self._seconds
        if seconds and seconds[-1][0] >= second:
            seconds[-1][1] += amount
        else:
            seconds.append([second, amount])

    def found(self) -> None:
        """All of it was told: of a window that ends the share is whole again. Any sixty seconds stay any sixty."""
        if not self._sliding:
            self._total = 0
