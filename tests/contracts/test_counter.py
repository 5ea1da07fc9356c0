"""What counts limits and budgets, in one process, in a file that workers map, and in Redis: all or nothing, and never over."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.redis_server import RedisServer

from stoa.adapters.limits.file import LimitsFile
from stoa.adapters.limits.machine import MachineCounter
from stoa.adapters.limits.replicas import RedisCounter
from stoa.adapters.redis.client import open_redis
from stoa.domain.counting import Claim, Counter, Held, Meter, Outcome, Refused
from stoa.gateway.counting.local import LocalCounter
from stoa.sections import RedisSettings

SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
NUMBER = itertools.count()
LEASE_S = 0.4


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Several:
    """Some that count together. `start` makes another who takes the place of one that died."""

    def __init__(self, counters: list[Any], die: Callable[[int], Any]) -> None:
        self.counters = counters
        self._die = die

    async def claim(self, who: int, *claims: Claim) -> Outcome:
        counter: Counter = self.counters[who % len(self.counters)]
        told = asyncio.get_running_loop().create_future()
        outcome = counter.claim(claims, now_ms(), told.set_result)
        return await told if outcome is None else outcome

    async def settle(self, who: int, held: Held, *amounts: int | None) -> None:
        """And until the others can know."""
        held.settle(amounts)
        await self.claim(who, Claim(Meter(f"other-{next(NUMBER)}", "requests", 1, sliding=True), 1))

    async def dies(self, who: int) -> None:
        """With everything it holds; another comes for it."""
        await self._die(who % len(self.counters))

    async def rest(self) -> None:
        """Until everybody has given back what was taken ahead."""
        await asyncio.sleep(1.3 if isinstance(self.counters[0], RedisCounter) else 0)
        for counter in self.counters:
            if isinstance(counter, MachineCounter):
                later = counter._clock() + 1
                counter._clock = lambda later=later: later
                counter.give_back()


Opened = Callable[[], Any]


@asynccontextmanager
async def in_process() -> AsyncIterator[Several]:
    async def nobody_dies(who: int) -> None:
        raise AssertionError(who)

    yield Several([LocalCounter(now_ms)], nobody_dies)


@asynccontextmanager
async def in_file(folder: Path) -> AsyncIterator[Several]:
    path = folder / f"limits-{next(NUMBER)}"

    def made(worker: int) -> MachineCounter:
        return MachineCounter(LimitsFile(path, worker=worker, workers=2, buckets=8, ways=8, sum_buckets=8, sum_ways=8))

    async def die(who: int) -> None:
        counters[who] = made(who + 1)

    counters: list[Any] = [made(1), made(2)]
    yield Several(counters, die)


@asynccontextmanager
async def in_redis(url: str) -> AsyncIterator[Several]:
    async with AsyncExitStack() as stack:

        @asynccontextmanager
        async def made() -> AsyncIterator[tuple[RedisCounter, asyncio.Task[None]]]:
            client = open_redis(RedisSettings(url=url, timeout_s=1.0))
            assert client is not None
            await client.open()
            counter = RedisCounter(client, timeout_s=1.0, lease_s=LEASE_S, life_s=LEASE_S / 4)
            task = asyncio.create_task(counter.run())
            try:
                async with asyncio.timeout(30):
                    while counter.lost:  # noqa: ASYNC110 - nobody is told
                        await asyncio.sleep(0.001)
                yield counter, task
            finally:
                task.cancel()
                await asyncio.wait([task])
                await client.close()

        async def die(who: int) -> None:
            tasks[who].cancel()
            await asyncio.sleep(LEASE_S * 1.5)
            counters[who], tasks[who] = await stack.enter_async_context(made())

        each = [await stack.enter_async_context(made()) for _ in range(2)]
        counters, tasks = [counter for counter, _ in each], [task for _, task in each]
        yield Several(counters, die)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


def opened_in(place: str, request: pytest.FixtureRequest) -> Opened:
    match place:
        case "process":
            return in_process
        case "file":
            return partial(in_file, request.getfixturevalue("tmp_path"))
        case _:
            return partial(in_redis, request.getfixturevalue("server").url)


REDIS = pytest.param("redis", marks=pytest.mark.slow)


@pytest.fixture(params=["process", "file", REDIS])
def opened(request: pytest.FixtureRequest) -> Opened:
    return opened_in(request.param, request)


@pytest.fixture(params=["file", REDIS])
def shared(request: pytest.FixtureRequest) -> Opened:
    return opened_in(request.param, request)


class Model:
    """What is used of a meter, by the words of the port."""

    def __init__(self, meter: Meter, base: int) -> None:
        self.meter, self.base = meter, base
        self.settled = self.held = 0

    @property
    def used(self) -> int:
        return self.base + self.settled + self.held

    def fits(self, amount: int) -> bool:
        return self.used < self.meter.most if self.meter.unit == "nano_usd" else self.used + amount <= self.meter.most

    def claim(self, amount: int) -> Claim:
        window = self.meter.unit == "nano_usd" or (self.meter.unit != "parallel" and not self.meter.sliding)
        times = (DAY[0], DAY[1]) if window else (0, 0)
        return Claim(self.meter, amount, *times, self.base + self.settled if self.meter.unit == "nano_usd" else 0)

    def settle(self, claimed: int, amount: int | None) -> None:
        self.held -= claimed
        self.settled += 0 if self.meter.unit == "parallel" else claimed if amount is None else amount


DAY = (now_ms() - 3_600_000, now_ms() + 82_800_000)
KINDS: list[tuple[Any, bool]] = [
    ("requests", True), ("tokens", True), ("requests", False), ("tokens", False), ("nano_usd", False), ("parallel", False),
]  # fmt: skip
METERS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 60), st.integers(0, 30)), min_size=1, max_size=5)
"""Of each meter its kind, its limit and what the ledger knew before."""
STEPS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 1), st.lists(st.integers(0, 4), min_size=1, max_size=4, unique=True), st.integers(0, 20)),
        st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 30))),
    ),
    max_size=30,
)
"""Who claims which meters and how much of them, or which granted claim is settled and what it came to."""


@SETTINGS
@given(meters=METERS, steps=STEPS)
def test_whoever_asks_gets_what_one_count_would_give(opened: Opened, meters: Any, steps: Any) -> None:
    async def run() -> None:
        models = [
            Model(Meter(f"m-{next(NUMBER)}", unit, most, sliding), base if unit == "nano_usd" else 0)
            for (unit, sliding), most, base in meters
        ]
        granted: list[tuple[int, list[tuple[Model, int]], Held]] = []
        async with opened() as several:
            for step in steps:
                if len(step) == 3:
                    who, places, amount = step
                    asked = [(models[place % len(models)], amount) for place in places if place < len(models)]
                    await claimed(several, who, asked, granted)
                elif granted:
                    who, of, held = granted.pop(step[0] % len(granted))
                    await several.settle(who, held, *(step[1] for _ in of))
                    for model, amount in of:
                        model.settle(amount, step[1])

    asyncio.run(run())


async def claimed(
    several: Several, who: int, asked: Sequence[tuple[Model, int]], granted: list[tuple[int, list[tuple[Model, int]], Held]]
) -> None:
    amounts = [(model, 1 if model.meter.unit in ("requests", "parallel") else amount) for model, amount in asked]
    claims = [model.claim(amount) for model, amount in amounts]
    if not claims:
        return
    outcome = await several.claim(who, *claims)
    short = next((place for place, (model, amount) in enumerate(amounts) if not model.fits(amount)), None)
    if short is None:
        assert not isinstance(outcome, Refused), outcome
        for model, amount in amounts:
            model.held += amount
        granted.append((who, amounts, outcome))
    else:
        assert isinstance(outcome, Refused)
        assert (outcome.claim, outcome.used, outcome.lost) == (claims[short], amounts[short][0].used, False)
        assert outcome.retry_after_s >= 1
    for (model, _), claim in zip(amounts, claims, strict=True):
        if model.meter.unit != "parallel" or short is None:
            assert several.counters[who % len(several.counters)].used(claim, now_ms())[0] <= max(model.used, claim.floor)


@pytest.mark.parametrize("most", [1, 7, 100, 6000, 1_000_000])
async def test_all_of_a_limit_passes_and_no_more_whoever_asks(opened: Opened, most: int) -> None:
    meter = Meter(f"m-{next(NUMBER)}", "requests", most, sliding=True)
    async with opened() as several:
        rounds, passed = min(most + 20, 1500), 0
        for _ in range(3):
            outcomes = await asyncio.gather(*(several.claim(who, Claim(meter, 1)) for who in range(rounds)))
            passed += sum(not isinstance(outcome, Refused) for outcome in outcomes)
            if most > 100:  # of less nothing is taken ahead
                await several.rest()
        if most > 3 * rounds:
            assert passed == 3 * rounds
        elif most <= 100:
            assert passed == most
        else:
            assert passed <= most


async def test_what_is_taken_ahead_comes_back(opened: Opened) -> None:
    meter, passed = Meter(f"m-{next(NUMBER)}", "tokens", 5000), 0
    claim = Claim(meter, 10, *DAY)
    async with opened() as several:
        while passed < 5000:
            outcomes = await asyncio.gather(*(several.claim(who, claim) for who in range(200)))
            took = sum(not isinstance(outcome, Refused) for outcome in outcomes)
            passed += 10 * took
            if took < 200:
                await several.rest()
        assert isinstance(await several.claim(0, claim), Refused)
        assert isinstance(await several.claim(1, claim), Refused)


async def test_a_claim_that_does_not_fit_takes_nothing_of_the_others(opened: Opened) -> None:
    wide, narrow = (Meter(f"m-{next(NUMBER)}", "requests", most, sliding=True) for most in (5, 2))
    async with opened() as several:
        for who in range(6):
            both = await several.claim(who, Claim(wide, 1), Claim(narrow, 1))
            assert isinstance(both, Refused) == (who >= 2)
        for who in range(3):
            assert not isinstance(await several.claim(who, Claim(wide, 1)), Refused)
        assert isinstance(await several.claim(0, Claim(wide, 1)), Refused)


async def test_a_budget_is_passed_by_no_more_than_what_is_under_way(opened: Opened) -> None:
    meter, granted = Meter(f"m-{next(NUMBER)}", "nano_usd", 1_000_000), list[tuple[int, Held]]()
    spent = 0
    async with opened() as several:
        for turn in range(60):
            for who in (0, 1):
                outcome = await several.claim(who, Claim(meter, 30_000, *DAY, spent))
                if not isinstance(outcome, Refused):
                    granted.append((who, outcome))
            assert spent + 30_000 * len(granted) < 1_000_000 + 30_000
            if turn % 3 == 2:
                for who, held in granted:
                    await several.settle(who, held, 20_000)
                    spent += 20_000
                granted.clear()
        assert spent >= 950_000, "and all of it can be spent"


async def test_the_ledger_may_know_of_more_than_was_counted(opened: Opened) -> None:
    meter = Meter(f"m-{next(NUMBER)}", "nano_usd", 1000)
    async with opened() as several:
        first = await several.claim(0, Claim(meter, 10, *DAY, 0))
        assert not isinstance(first, Refused)
        refused = await several.claim(1, Claim(meter, 10, *DAY, 1000))
        assert isinstance(refused, Refused)
        assert refused.used == 1010


async def test_another_window_begins_anew(opened: Opened) -> None:
    meter, later = Meter(f"m-{next(NUMBER)}", "requests", 1), (DAY[1], DAY[1] + 86_400_000)
    async with opened() as several:
        held = await several.claim(0, Claim(meter, 1, *DAY))
        assert not isinstance(held, Refused)
        await several.settle(0, held, None)
        refused = await several.claim(1, Claim(meter, 1, *DAY))
        assert isinstance(refused, Refused)
        assert 80_000 < refused.retry_after_s < 86_400
        assert not isinstance(await several.claim(1, Claim(meter, 1, *later)), Refused)


async def test_a_limit_that_is_changed_keeps_its_count(opened: Opened) -> None:
    meter = Meter(f"m-{next(NUMBER)}", "requests", 2, sliding=True)
    async with opened() as several:
        assert not any([isinstance(await several.claim(who, Claim(meter, 1)), Refused) for who in (0, 1)])
        assert isinstance(await several.claim(0, Claim(meter, 1)), Refused)
        wider = msgspec.structs.replace(meter, most=3)
        assert not isinstance(await several.claim(0, Claim(wider, 1)), Refused)
        assert isinstance(await several.claim(1, Claim(wider, 1)), Refused)


async def test_places_of_who_died_are_free_and_its_money_stays_until_the_ledger_tells(shared: Opened) -> None:
    places, money = Meter(f"m-{next(NUMBER)}", "parallel", 3), Meter(f"m-{next(NUMBER)}", "nano_usd", 100)
    async with shared() as several:
        for _ in range(2):
            assert not isinstance(await several.claim(0, Claim(places, 1), Claim(money, 45, *DAY)), Refused)
        assert not isinstance(await several.claim(1, Claim(places, 1)), Refused)
        assert isinstance(await several.claim(1, Claim(places, 1)), Refused)
        await several.dies(0)
        assert not isinstance(await several.claim(1, Claim(places, 1)), Refused)
        assert not isinstance(await several.claim(0, Claim(places, 1)), Refused)
        assert isinstance(await several.claim(0, Claim(places, 1)), Refused)
        again = await several.claim(1, Claim(money, 10, *DAY, 20))
        assert not isinstance(again, Refused), "it held 90, of which the ledger tells 20: 70 stay, and 10 are new"
        assert isinstance(await several.claim(0, Claim(money, 10, *DAY, 100)), Refused)
        await several.settle(1, again, 10)
        told = await several.claim(0, Claim(money, 10, *DAY, 99))
        assert isinstance(told, Refused)
        assert told.used == 110, "100 by the ledger, and 10 that were settled since"
