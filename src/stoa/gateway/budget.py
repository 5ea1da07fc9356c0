"""Each team's money in this calendar month, UTC: what control knows, what it does not know yet, what is reserved."""

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime

from stoa.domain.ledger import month_of
from stoa.domain.usage import Kept
from stoa.errors import LimitReached
from stoa.kit.money import format_usd

_EPOCH_BYTES = 65_536  # costs are kept apart by log position in steps of this size


class _Epoch:
    """What some neighbouring facts cost, by team, and where they lie in the log."""

    __slots__ = ("costs", "end", "start")

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.costs: dict[str, int] = {}


class Budgets:
    """Spend is never known too low: a cost counts here until control, which has its fact, told a sum with it."""

    def __init__(self, kept: Kept, *, now_ms: int) -> None:
        self._month_start_ms, self._month_end_ms = _month(now_ms)
        self._told: dict[str, int] = dict(kept.spend) if self._month_start_ms <= kept.as_of_ms else {}
        self.as_of_ms = kept.as_of_ms
        self._unshipped: dict[str, int] = {}
        self._reserved: dict[str, int] = {}
        self._epochs: deque[_Epoch] = deque()
        for team, cost in kept.unshipped.get(month_of(now_ms), {}).items():
            self.spent(team, cost, position=0, now_ms=now_ms)

    def reserve(self, team: str, estimate: int, *, limit: int | None, now_ms: int) -> None:
        """Set the estimate aside. Raises LimitReached when the budget is spent, what is reserved included."""
        if now_ms >= self._month_end_ms:
            self._roll(now_ms)
        reserved = self._reserved.get(team, 0)
        if limit is not None and (used := self._told.get(team, 0) + self._unshipped.get(team, 0) + reserved) >= limit:
            raise self._exhausted(team, used, limit, now_ms)
        if estimate:
            self._reserved[team] = reserved + estimate

    def release(self, team: str, estimate: int) -> None:
        """Give a reservation back, at the moment its cost is known."""
        if estimate:
            self._reserved[team] -= estimate

    def spent(self, team: str, cost: int, *, position: int, now_ms: int) -> None:
        """Count the cost of a fact that lies in the log before `position`."""
        if now_ms >= self._month_end_ms:
            self._roll(now_ms)
        self._unshipped[team] = self._unshipped.get(team, 0) + cost
        epochs = self._epochs
        if not epochs or position - epochs[-1].start > _EPOCH_BYTES:
            epochs.append(_Epoch(position))
        epoch = epochs[-1]
        epoch.end = position
        epoch.costs[team] = epoch.costs.get(team, 0) + cost

    def shipped(self, position: int, spend: Mapping[str, int], *, now_ms: int) -> None:
        """Control has every fact before `position`, and told each team's spend with them."""
        if now_ms >= self._month_end_ms:
            self._roll(now_ms)
        self._told = dict(spend)
        self.as_of_ms = now_ms
        while self._epochs and self._epochs[0].end <= position:
            for team, cost in self._epochs.popleft().costs.items():
                self._unshipped[team] -= cost

    def used(self, team: str, *, now_ms: int) -> int:
        """Nano-dollars this month: spent, and reserved by requests under way."""
        if now_ms >= self._month_end_ms:
            self._roll(now_ms)
        return self._told.get(team, 0) + self._unshipped.get(team, 0) + self._reserved.get(team, 0)

    def _exhausted(self, team: str, used: int, limit: int, now_ms: int) -> LimitReached:
        reset = datetime.fromtimestamp(self._month_end_ms / 1000, UTC)
        return LimitReached(
            f"Team {team!r} has used {format_usd(used)} of its budget of {format_usd(limit)} this month. It starts anew on "
            f"{reset:%Y-%m-%d %H:%M} UTC; whoever runs Stoa can raise it with `stoa team`.",
            code="insufficient_quota",
            retry_after_s=max(1.0, (self._month_end_ms - now_ms) / 1000),
        )

    def _roll(self, now_ms: int) -> None:
        self._month_start_ms, self._month_end_ms = _month(now_ms)
        self._told.clear()
        self._unshipped.clear()
        self._epochs.clear()


def _month(now_ms: int) -> tuple[int, int]:
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = start.replace(year=start.year + 1, month=1) if start.month == 12 else start.replace(month=start.month + 1)
    return int(start.timestamp() * 1000), int(end.timestamp() * 1000)
