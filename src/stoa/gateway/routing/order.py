"""Which target is asked first, and which next: strategy, breakers, health, fallbacks.

`Router` belongs to an offering and only reads. `Choices` belongs to one request: none is chosen twice.

After a failure that is the provider's (rate limit, timeout, server error, credentials, not found) the other targets follow,
then the fallbacks that name its class. After one that is the request's (invalid request, context window, content policy)
another target of the route would say the same: only the fallbacks that name its class follow, and with the strategy
`complexity`, for the context window, larger targets. A request that no target could be asked for, because of breakers and
health checks, goes to the fallbacks that name the classes which opened these. A target that only its health check speaks
against is the last resort.
"""

from collections.abc import Sequence
from typing import Generic, NamedTuple

from stoa.domain.decision_bytes import recorded_route
from stoa.domain.operations import CALLERS_FAULTS, ErrorClass
from stoa.domain.resources import Strategy
from stoa.gateway.routing.rank import NO_WISH, T, Wish, ranked

_NO_TARGETS: frozenset[ErrorClass] = frozenset(("credentials",))
"""Targets are missing when their provider's secrets cannot be opened."""
_UNHEALTHY: ErrorClass = "server_error"


class NothingLeft(NamedTuple):
    """No target can be asked now; `wait_s` until the first can be again, None when there is none at all."""

    wait_s: float | None
    message: str


class Router(Generic[T]):
    """The way of one route or model. `fallbacks` with the classes they are for, in order."""

    __slots__ = (
        "_drawn",
        "_weighted",
        "fallbacks",
        "name",
        "needs_wish",
        "only",
        "recorded",
        "sticky",
        "strategy",
        "targets",
        "total_weight",
    )

    def __init__(
        self,
        name: str,
        targets: Sequence[T],
        *,
        fallbacks: Sequence[tuple[T, Sequence[ErrorClass]]] = (),
        strategy: Strategy = "weighted",
        sticky: bool = False,
    ) -> None:
        self.name = name
        self.targets = tuple(targets)
        self.fallbacks = tuple((target, frozenset(on)) for target, on in fallbacks)
        self.strategy: Strategy = strategy
        self.recorded = recorded_route(strategy)
        """What decision records say of it where nothing is drawn."""
        self.sticky = sticky
        self.total_weight = sum(target.weight for target in targets)
        self._drawn = tuple(target for target in targets if target.weight)
        several = len(self.targets) > 1
        self.needs_wish = strategy == "tagged" or (several and (sticky or strategy == "complexity"))
        self.only = self.targets[0] if len(self.targets) == 1 and strategy != "tagged" else None
        """Where there is nothing to choose."""
        self._weighted = several and strategy == "weighted" and not sticky and self.total_weight > 0

    def first(self, now: float, draw: float) -> T | None:
        """The first target where that is quickly said, else None: then ask `choose`, which says the same for the same draw."""
        target = self.only
        if target is None:
            if not self._weighted:
                return None
            mark = draw * self.total_weight
            for target in self._drawn:
                if mark < target.weight:
                    break
                mark -= target.weight
        return target if target is not None and target.state.plain else None

    def choose(self, wish: Wish | None, now: float, draw: float, *, tried: T | None = None) -> "Choices[T]":
        """The request's choices, after `tried` where `first` gave one. `draw` is in [0, 1), one for each request.

        Raises InvalidRequest when the wish's tags allow no target.
        """
        return Choices(self, ranked(self.strategy, self.targets, wish or NO_WISH, now, draw, sticky=self.sticky), tried)


class Choices(Generic[T]):
    """What one request may still ask. Breakers and health are looked at when a target is wanted, not before."""

    __slots__ = ("_fault", "_last", "_router", "_tried", "order")

    def __init__(self, router: Router[T], order: Sequence[T], tried: T | None) -> None:
        self.order = order
        """The targets in the strategy's order."""
        self._router = router
        self._tried: list[str] = [] if tried is None else [tried.model]
        self._last = tried
        self._fault: ErrorClass | None = None

    def next(self, now: float) -> T | None:
        """The next target to ask, None when nothing is left. It counts as tried."""
        found = self._target(now) or self._fallback(now) or self._last_resort(now)
        if found is not None:
            self._tried.append(found.model)
            self._last = found
        return found

    def put_back(self, target: T) -> None:
        """The target that `next` gave was not asked after all."""
        self._tried.remove(target.model)

    def after(self, error_class: ErrorClass, now: float) -> T | None:
        """The next one after the last failed so. What is the request's fault stays it, whatever fails later."""
        if self._fault not in CALLERS_FAULTS or error_class in CALLERS_FAULTS:
            self._fault = error_class
        return self.next(now)

    def larger(self, now: float) -> T | None:
        """With the strategy `complexity`: the next larger target after one whose answer was none; else None."""
        if self._router.strategy != "complexity":
            return None
        found = next((each for each in self._larger() if self._free(each) and each.state.usable(now)), None)
        if found is not None:
            self._tried.append(found.model)
            self._last = found
        return found

    def nothing_left(self, now: float) -> NothingLeft:
        """What to tell when `next` gave nothing and nothing was asked."""
        every = [*self.order, *(target for target, _ in self._router.fallbacks)]
        if not every:
            return NothingLeft(
                None, f"No provider of {self._router.name!r} can be used; whoever runs Stoa finds why in its log."
            )
        why = "; ".join(f"{each.model!r}: {each.state.why_not(now) or 'a fallback for other failures'}" for each in every)
        waits = [each.state.breaker.opens_again_in(now) for each in every if not each.state.breaker.usable(now)]
        return NothingLeft(min(waits, default=None), f"No target of {self._router.name!r} can be asked now. {why}.")

    def _target(self, now: float) -> T | None:
        if self._fault in CALLERS_FAULTS:
            if self._fault != "context_window" or self._router.strategy != "complexity":
                return None
            among = self._larger()
        else:
            among = self.order
        return next((each for each in among if self._free(each) and each.state.usable(now)), None)

    def _fallback(self, now: float) -> T | None:
        fallbacks = self._router.fallbacks
        if not fallbacks:
            return None
        classes = self._classes(now)
        for target, on in fallbacks:
            if not on.isdisjoint(classes) and self._free(target) and target.state.usable(now):
                return target
        return None

    def _last_resort(self, now: float) -> T | None:
        if self._fault in CALLERS_FAULTS:
            return None
        for target in self.order:
            if not target.state.healthy and self._free(target) and target.state.breaker.usable(now):
                return target
        return None

    def _classes(self, now: float) -> frozenset[ErrorClass]:
        """Of the last failure, else of those for which the targets are left alone."""
        if self._fault is not None:
            return frozenset((self._fault,))
        if not self.order:
            return _NO_TARGETS
        found: set[ErrorClass] = set()
        for target in self.order:
            state = target.state
            if not state.healthy:
                found.add(_UNHEALTHY)
            elif not state.breaker.usable(now) and state.breaker.opened_by is not None:
                found.add(state.breaker.opened_by)
        return frozenset(found)

    def _free(self, target: T) -> bool:
        return target.model not in self._tried

    def _larger(self) -> Sequence[T]:
        """Than the last that was asked. A fallback is larger than all targets."""
        targets = self._router.targets
        for number, target in enumerate(targets):
            if self._last is not None and target.model == self._last.model:
                return targets[number + 1 :]
        return ()
