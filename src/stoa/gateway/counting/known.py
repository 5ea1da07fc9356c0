"""What is known to be spent: what control told, and the costs of this gateway's own facts that control may not have yet.

It is never known too low: a cost counts here until control, which has its fact, told a sum with it. Limits: of what other
gateways spend only what control told is known; and costs from before there was any budget count once control tells them.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from stoa.domain.costs import add_costs
from stoa.domain.periods import Window, window_of
from stoa.domain.usage import Costs, Kept, Told, UsageFact, Who

_EPOCH_BYTES = 65_536  # costs are kept apart by log position in steps of this size
_MOST_EPOCHS = 512  # then neighbours are put together, so that a long backlog takes no more room than its subjects do
_RECENT_MIN = 60  # costs older than this are put together by the quarter of an hour, where every larger window begins

SCOPES = ("team", "key", "user", "project", "assistant")
"""In the order of `Who`."""


class Sum(NamedTuple):
    """Which sum: of one subject of a scope, in the present window of a period."""

    scope: str
    subject: str
    period: str


class Known:
    """One sum. `told` and `own` are of the window that began at `start`."""

    __slots__ = ("own", "own_unknown", "start", "told", "told_unknown", "window")

    def __init__(self, window: Window) -> None:
        self.window = window
        self.start = 0
        self.told = self.told_unknown = 0
        self.own = self.own_unknown = 0

    def floor(self, now_ms: int) -> int:
        """Nano-dollars in the present window."""
        start = self.window.at(now_ms)
        if start != self.start:
            self.roll(start)
        return self.told + self.own

    @property
    def unknown(self) -> int:
        """How many requests of the window had an unknown cost."""
        return self.told_unknown + self.own_unknown

    def roll(self, start: int) -> None:
        """Another window has begun."""
        self.start = start
        self.told = self.told_unknown = 0
        self.own = self.own_unknown = 0


class _Epoch:
    """What some neighbouring facts cost, and where they lie in the log."""

    __slots__ = ("costs", "end", "start")

    def __init__(self, start: int, end: int, costs: Costs) -> None:
        self.start, self.end, self.costs = start, end, costs


class Ledger:
    """The sums that budgets are checked against."""

    def __init__(self, kept: Kept, *, now_ms: int) -> None:
        self.as_of_ms = kept.as_of_ms
        """When control told its sums."""
        self.asks = False
        """Whether there is a sum that control has not told yet."""
        self._told: Mapping[Sum, Told] = _by_sum(kept.told)
        self._epochs: deque[_Epoch] = deque()
        if kept.unshipped:
            self._epochs.append(_Epoch(0, kept.position, dict(kept.unshipped)))
        self._sums: dict[Sum, Known] = {}
        self._windows: dict[str, Window] = {}
        self._by_scope: tuple[dict[str, list[Known]], ...] = tuple({} for _ in SCOPES)
        self._now_ms = now_ms

    def window(self, period: str) -> Window:
        """One for all that has this period, so that it is moved once. Raises InvalidRequest."""
        found = self._windows.get(period)
        if found is None:
            found = self._windows[period] = window_of(period)
        return found

    def known(self, which: Sum, now_ms: int) -> Known:
        """The sum, followed from now on."""
        found = self._sums.get(which)
        if found is not None:
            return found
        found = self._sums[which] = Known(self.window(which.period))
        found.roll(found.window.at(now_ms))
        self._tell(which, found)
        self.asks |= which not in self._told
        place = SCOPES.index(which.scope)
        for epoch in self._epochs:
            for who, cost in epoch.costs.items():
                if who[place] == which.subject:
                    _add(found, who, cost, 1)
        self._by_scope[place].setdefault(which.subject, []).append(found)
        return found

    def forget(self, which: Sum) -> None:
        """Nobody asks for this sum any more."""
        found = self._sums.pop(which, None)
        if found is not None:
            of_subject = self._by_scope[SCOPES.index(which.scope)]
            of_subject[which.subject].remove(found)
            if not of_subject[which.subject]:
                del of_subject[which.subject]

    def keep(self, wanted: Iterable[Sum]) -> None:
        """Forget all sums but these."""
        kept = frozenset(wanted)
        for which in [each for each in self._sums if each not in kept]:
            self.forget(which)

    def spent(self, facts: Iterable[UsageFact], *, position: int, now_ms: int) -> None:
        """Count facts that lie in the log before `position`. Nothing is done while there is no budget."""
        if not self._sums:
            return
        costs: Costs = {}
        add_costs(facts, costs)
        if not costs:
            return
        epochs = self._epochs
        if not epochs or position - epochs[-1].start > _EPOCH_BYTES:
            epochs.append(_Epoch(position, position, {}))
            if len(epochs) > _MOST_EPOCHS:
                self._put_together(now_ms)
        epoch = self._epochs[-1]
        epoch.end = position
        _join(epoch.costs, costs)
        self._count(costs, now_ms, 1)

    def shipped(self, position: int, told: Iterable[Told], *, now_ms: int) -> None:
        """Control has every fact before `position`, and told what is spent with them."""
        self._told = _by_sum(told)
        self.as_of_ms = now_ms
        self.asks = False
        for which, known in self._sums.items():
            known.floor(now_ms)
            self._tell(which, known)
        while self._epochs and self._epochs[0].end <= position:
            self._count(self._epochs.popleft().costs, now_ms, -1)

    def _tell(self, which: Sum, known: Known) -> None:
        told = self._told.get(which)
        if told is not None and told.starts_ms == known.start:
            known.told, known.told_unknown = told.nano_usd, told.unknown
        else:
            known.told = known.told_unknown = 0

    def _count(self, costs: Costs, now_ms: int, sign: int) -> None:
        by_scope = self._by_scope
        for who, cost in costs.items():
            for place, of_scope in enumerate(by_scope):
                subject = who[place]
                if of_scope and isinstance(subject, str) and (found := of_scope.get(subject)) is not None:
                    for known in found:
                        known.floor(now_ms)
                        _add(known, who, cost, sign)

    def _put_together(self, now_ms: int) -> None:
        """Half as many epochs, each twice as long."""
        recent, joined = now_ms // 60_000 - _RECENT_MIN, deque[_Epoch]()
        for number, epoch in enumerate(self._epochs):
            coarse: Costs = {}
            for who, cost in epoch.costs.items():
                of = who if who.minute >= recent else who._replace(minute=who.minute // 15 * 15)
                _join(coarse, {of: cost})
            if number % 2:
                joined[-1].end = epoch.end
                _join(joined[-1].costs, coarse)
            else:
                joined.append(_Epoch(epoch.start, epoch.end, coarse))
        self._epochs = joined


def _by_sum(told: Iterable[Told]) -> dict[Sum, Told]:
    return {Sum(each.scope, each.subject, each.period): each for each in told}


def _add(known: Known, who: Who, cost: tuple[int, int], sign: int) -> None:
    if who.minute * 60_000 >= known.start:
        known.own += sign * cost[0]
        known.own_unknown += sign * cost[1]


def _join(costs: Costs, more: Costs) -> None:
    for who, (cost, unknown) in more.items():
        before = costs.get(who)
        costs[who] = (cost, unknown) if before is None else (before[0] + cost, before[1] + unknown)
