"""How often control is bothered: small batches are paced, large backlogs are not, and a slow control is left to rest."""

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest

from stoa.domain.usage import Batch, Told
from stoa.errors import ProviderError
from stoa.gateway import shipping

TOLD = [Told("team", "company", "month UTC", 0, 5)]

SMALL, LARGE, PRESSING = 1000, 1_000_000, 200_000_000
NOTHING = b"\x90"


class World:
    """A log, a control that takes it, and the time, which only passes when somebody works or waits."""

    def __init__(self, *backlogs: int, takes_s: float = 0.0) -> None:
        self.now = 100.0
        self.backlogs = [*backlogs]
        """Bytes that wait before each batch; then nothing more comes."""
        self.takes_s = takes_s
        self.away = 0
        self.shipped_at: list[float] = []
        self.asked_at: list[float] = []
        self.slept: list[float] = []
        self.until = 0.0
        self._done = 0

    # --- the log

    @property
    def backlog_bytes(self) -> int:
        return self.backlogs[0] if self.backlogs else 0

    def next_batch(self) -> Batch | None:
        return Batch(b"\x91facts", self._done + 1) if self.backlogs else None

    def append(self, facts: object) -> int:
        raise NotImplementedError

    async def shipped(self, position: int, *, told: Sequence[Told], as_of_ms: int) -> None:
        assert (position, told) == (self._done + 1, TOLD)
        self._done = position
        del self.backlogs[0]

    # --- control

    async def ship(self, facts: bytes) -> Sequence[Told]:
        (self.asked_at if facts == NOTHING else self.shipped_at).append(self.now)
        self.now += self.takes_s
        if self.away:
            self.away -= 1
            raise ProviderError("Control is away.")
        return TOLD

    # --- the time

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += seconds
        if self.now > self.until or len(self.slept) > 1000:
            raise asyncio.CancelledError


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[World, float], list[int]]:
    """`run(world, seconds)` ships until so much time is over, and gives the positions that were told."""

    def until(world: World, seconds: float) -> list[int]:
        monkeypatch.setattr(shipping, "asyncio", SimpleNamespace(sleep=world.sleep))
        monkeypatch.setattr(shipping, "time", SimpleNamespace(monotonic=world.monotonic, time_ns=lambda: 1))
        world.until = world.now + seconds
        told: list[int] = []
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(shipping.ship_forever(world, world, lambda position, _: told.append(position)))
        return told

    return until


def test_small_batches_are_paced(run) -> None:
    world = World(*[SMALL] * 10)
    assert run(world, 2.4) == [1, 2, 3, 4, 5]
    assert world.shipped_at == [100, 100.5, 101, 101.5, 102]


def test_a_large_backlog_is_shipped_at_once_and_its_small_rest_after_a_pause(run) -> None:
    world = World(*[LARGE] * 20, SMALL, SMALL)
    assert run(world, 1.4) == [*range(1, 23)]
    assert world.shipped_at == [*[100] * 20, 100.5, 101]


@pytest.mark.parametrize("takes_s", [0.01, 0.3])
def test_control_that_is_slow_rests_as_long_as_it_worked(run, takes_s: float) -> None:
    world = World(*[LARGE] * 1000, takes_s=takes_s)
    told = run(world, 12)
    assert world.slept == pytest.approx([takes_s] * len(told))
    assert len(told) == pytest.approx(12 / (2 * takes_s), abs=2)


def test_its_rest_is_never_longer_than_a_pause(run) -> None:
    world = World(*[LARGE] * 5, takes_s=7)
    run(world, 100)
    assert world.slept[:4] == [0.5] * 4


def test_a_backlog_that_presses_is_shipped_without_rest(run) -> None:
    world = World(*[PRESSING] * 5, LARGE, takes_s=0.3)
    assert run(world, 2) == [1, 2, 3, 4, 5, 6]
    assert world.shipped_at == pytest.approx([100, 100.3, 100.6, 100.9, 101.2, 101.8])
    assert world.slept == pytest.approx([0.3, 0.5])


def test_an_empty_log_is_looked_at_now_and_then_and_control_asked_for_the_spend_seldom(run) -> None:
    world = World()
    assert run(world, 31.2) == [0, 0, 0]
    assert world.asked_at == [100, 115, 130]
    assert set(world.slept) == {0.5}


def test_a_control_that_is_away_is_asked_ever_more_seldom_and_the_same_batch_again(run) -> None:
    world = World(LARGE, LARGE)
    world.away = 7
    assert run(world, 33) == [1, 2, 0]
    assert world.slept[:7] == [0.25, 0.5, 1, 2, 4, 5, 5]
    assert world.shipped_at[-2:] == [117.75, 117.75]


def test_a_control_that_came_back_and_goes_again_is_soon_asked_again(run) -> None:
    world = World(LARGE, LARGE)
    world.away = 3
    shipped = world.shipped

    async def then_away(position: int, *, told: Sequence[Told], as_of_ms: int) -> None:
        await shipped(position, told=told, as_of_ms=as_of_ms)
        world.away = 2 if position == 1 else 0

    world.shipped = then_away
    assert run(world, 5)[:2] == [1, 2]
    assert world.slept[:6] == [0.25, 0.5, 1, 0, 0.25, 0.5]
