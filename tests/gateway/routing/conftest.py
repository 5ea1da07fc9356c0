"""Targets without a network, a clock that stands still, and timers that go off when told."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import pytest

from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Breaker
from stoa.gateway.routing.state import TargetState


@dataclass
class Timers:
    """Implements `lanes.CallLater`."""

    now: float = 0.0
    _set: list[tuple[float, int, "Timer", Callable[[], None]]] = field(default_factory=list)
    _number: "count[int]" = field(default_factory=count)

    def __call__(self, seconds: float, call: Callable[[], None]) -> "Timer":
        timer = Timer()
        heapq.heappush(self._set, (self.now + seconds, next(self._number), timer, call))
        return timer

    def pass_to(self, now: float) -> None:
        while self._set and self._set[0][0] <= now:
            self.now, _, timer, call = heapq.heappop(self._set)
            if not timer.cancelled:
                call()
        self.now = now

    @property
    def pending(self) -> int:
        return sum(not timer.cancelled for _, _, timer, _ in self._set)


@dataclass
class Timer:
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


def state_of(model: str, *, provider: str = "p", draw: float = 0.0) -> TargetState:
    state = TargetState(model, provider, model, draw=lambda: draw, call_later=Timers())
    state.breaker.settings = Breaker(failures=2, cooldown_s=10, most_cooldown_s=80)
    return state


@dataclass(eq=False)
class Place:
    """A target as the router sees it."""

    model: str
    weight: int = 1
    tags: tuple[str, ...] = ()
    price: ModelPrice | None = None
    arm: str | None = None
    state: TargetState = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.state = self.state or state_of(self.model)

    def open(self, now: float, error_class: str = "server_error") -> None:
        """Fails until its breaker opens."""
        for _ in range(2):
            self.state.ended_badly(now, error_class, "oops", None, self.state.began(now))  # type: ignore[arg-type]

    def answers(self, now: float, ms: float, first_ms: float | None = None) -> None:
        entry = self.state.began(now)
        if first_ms is not None:
            self.state.first_content(now, first_ms)
        self.state.ended_well(now, ms, 10, entry)


@pytest.fixture
def timers() -> Timers:
    return Timers()


@pytest.fixture
def places() -> Callable[..., list[Place]]:
    """`places("a", "b")`, or with weights `places(a=3, b=1)`."""

    def make(*names: str, **weights: int) -> list[Place]:
        return [*(Place(name) for name in names), *(Place(name, weight) for name, weight in weights.items())]

    return make


@pytest.fixture
def place() -> type[Place]:
    return Place


@pytest.fixture
def new_state() -> Callable[..., TargetState]:
    return state_of
