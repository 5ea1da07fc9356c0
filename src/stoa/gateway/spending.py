"""Budgets of a worker that is one of several: what the others have spent and reserved counts as if it were its own.

Over at most by what the workers reserve at the same moment; spend is never known too low for longer than that.
"""

from collections.abc import Mapping

from stoa.domain.limits import Spending, Spent
from stoa.domain.usage import Kept
from stoa.gateway.budget import Budgets


class SharedBudgets(Budgets):
    """Tells of every change, and adds what the others told."""

    _begun = False

    def __init__(self, kept: Kept, spending: Spending, *, now_ms: int) -> None:
        self._spending = spending
        super().__init__(kept, now_ms=now_ms)
        self._begin()

    def reserve(self, team: str, estimate: int, *, limit: int | None, now_ms: int) -> None:
        if limit is not None and (used := self.used(team, now_ms=now_ms)) >= limit:
            raise self._exhausted(team, used, limit, now_ms)
        super().reserve(team, estimate, limit=None, now_ms=now_ms)
        if estimate:
            self._tell(team)

    def release(self, team: str, estimate: int) -> None:
        super().release(team, estimate)
        if estimate:
            self._tell(team)

    def spent(self, team: str, cost: int, *, position: int, now_ms: int) -> None:
        super().spent(team, cost, position=position, now_ms=now_ms)
        self._tell(team)

    def shipped(self, position: int, spend: Mapping[str, int], *, now_ms: int) -> None:
        super().shipped(position, spend, now_ms=now_ms)
        for team in spend.keys() | self._unshipped.keys():
            self._tell(team)

    def used(self, team: str, *, now_ms: int) -> int:
        used = super().used(team, now_ms=now_ms)
        others = self._spending.others(team)
        return used + others.own + max(0, others.told - self._told.get(team, 0))

    def _roll(self, now_ms: int) -> None:
        super()._roll(now_ms)
        self._begin()

    def _begin(self) -> None:
        self._begun = True
        teams = self._told.keys() | self._unshipped.keys() | self._reserved.keys()
        self._spending.begin(self._month_start_ms, {team: self._spent(team) for team in teams})

    def _tell(self, team: str) -> None:
        if self._begun:
            self._spending.tell(team, self._spent(team))

    def _spent(self, team: str) -> Spent:
        return Spent(self._told.get(team, 0), self._unshipped.get(team, 0) + self._reserved.get(team, 0))
