"""Redis killed, frozen and emptied under load: nobody is held, limits are open or closed as they say, all heals by itself."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from tests.journeys.conftest import wait_until
from tests.journeys.replicas import Asked, Fleet, ask_at_once, ask_for, fleet_before_streams, waits
from tests.shared_running import shared

pytestmark = [pytest.mark.slow, pytest.mark.calm]

NOISE_S = 1.5
"""What a request may take on a machine that is busy with something else. What Redis adds is measured in the gateway itself."""

Break = Callable[[Fleet], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return shared("three", lambda: fleet_before_streams(tmp_path_factory.mktemp("three")))


@contextmanager
def redis_killed(three: Fleet) -> Iterator[None]:
    three.redis.kill()
    try:
        yield
    finally:
        three.redis.start()


@contextmanager
def redis_frozen(three: Fleet) -> Iterator[None]:
    three.redis.freeze()
    try:
        yield
    finally:
        three.redis.thaw()


REDIS: list[Break] = [redis_killed, redis_frozen]


def limited(three: Fleet, name: str, **fields: object) -> str:
    """A key that one limit holds for, once all three have it."""
    key = three.key(name, "--requests-per-minute", "none")
    three.apply({"kind": "Limit", "name": name, "scope": "key", "subject": name, **fields})
    return key


async def under_load(three: Fleet, key: str, broken: Break, seconds: float = 4.0) -> Asked:
    """Requests without a pause, half of the time with Redis broken."""

    async def breaks() -> None:
        await asyncio.sleep(seconds / 4)
        with broken(three):
            await asyncio.sleep(seconds / 2)
            wait_until(lambda: three.lost() == [True] * 3, "all three have lost it")

    asked, _ = await asyncio.gather(ask_for(three.urls, key, seconds), asyncio.to_thread(asyncio.run, breaks()))
    return asked


@pytest.mark.parametrize("broken", REDIS, ids=lambda each: each.__name__)
async def test_nobody_is_held_and_what_is_open_goes_on(three: Fleet, broken: Break, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"open-{broken.__name__.replace('_', '-')}"
    key = limited(three, name, requests=100_000, parallel=1000)  # the one is taken ahead, the other asked for each time
    before = [waits(url) for url in three.urls]
    asked = await under_load(three, key, broken)
    assert set(asked.statuses) == {"200"}, asked
    assert asked.slowest_s < NOISE_S
    for url, earlier in zip(three.urls, before, strict=True):
        now = waits(url)
        over = (now["+Inf"] - now["0.1"]) - (earlier["+Inf"] - earlier["0.1"])
        with capsys.disabled():
            print(f"\n  {broken.__name__}: waits by bucket { ({le: now[le] - earlier[le] for le in now}) }", end="")
        assert over <= 0.01 * (now["+Inf"] - earlier["+Inf"]), "but for a few that the machine itself held"
    await healed(three, key)


@pytest.mark.parametrize("broken", REDIS, ids=lambda each: each.__name__)
async def test_what_is_closed_is_refused_and_says_so(three: Fleet, broken: Break) -> None:
    name = f"closed-{broken.__name__.replace('_', '-')}"
    key = limited(three, name, requests=100_000, parallel=1000, when_lost="closed")
    asked = await under_load(three, key, broken)
    assert set(asked.statuses) == {"200", "429"}, asked
    assert all("cannot be reached, and it is closed meanwhile" in text for text in asked.refusals)
    assert asked.slowest_s < NOISE_S
    await healed(three, key)


async def test_what_is_open_lets_a_share_through_in_each_gateway_and_no_more(three: Fleet) -> None:
    key = limited(three, "share", requests=40, local_share=0.25)
    with redis_killed(three):
        wait_until(lambda: three.lost() == [True] * 3, "it is lost")
        told = three.stoa.stoa("status")
        assert told.returncode == 0, "it serves all the same"
        assert "not counted together" in " ".join(told.stdout.split())
        asked = await ask_at_once(three.urls, key, 90)
        assert asked.statuses == {"200": 30, "429": 60}, "ten in each of the three"
    await healed(three, None)
    asked = await ask_at_once(three.urls, key, 90)
    assert asked.statuses == {"200": 10, "429": 80}, "what passed meanwhile was told to Redis"


async def test_a_redis_that_was_emptied_is_told_what_was_spent(three: Fleet) -> None:
    made = three.administer("POST", "/api/teams", {"name": "frugal", "monthly_budget_usd": "0.0001"})
    assert made.is_success, made.text
    key = three.key("frugal-app", "--team", "frugal", "--requests-per-minute", "none")
    first = (await ask_at_once(three.urls, key, 60, at_once=3)).statuses
    assert first["429"] > 0
    with redis_killed(three):
        pass
    await healed(three, None)
    again = (await ask_at_once(three.urls, key, 60, at_once=3)).statuses
    assert first["200"] + again["200"] <= 53, "fifty are paid for, and three may be under way"


async def healed(three: Fleet, key: str | None) -> None:
    """By itself: nothing was restarted."""
    with contextlib.suppress(OSError):
        three.redis.thaw()
    wait_until(lambda: three.lost() == [False] * 3, "all three count together again")
    if key is not None:
        assert set((await ask_at_once(three.urls, key, 9)).statuses) == {"200"}
