"""Counting in Redis where Redis is what goes wrong: frozen, emptied, full, a replica, or not letting us in."""

import asyncio
import itertools
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from tests.redis_server import RedisServer

from stoa.adapters.limits.replicas import RedisCounter
from stoa.adapters.limits.script import PREFIX, NotCounted
from stoa.adapters.redis.client import open_redis
from stoa.domain.counting import Claim, Held, Meter, Outcome, Refused
from stoa.domain.metrics import Sheet
from stoa.errors import OperatorError
from stoa.sections import RedisSettings

pytestmark = [pytest.mark.slow, pytest.mark.calm]

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "replicas.md"
NUMBER = itertools.count()
DAY = (int(time.time() * 1000) - 3_600_000, int(time.time() * 1000) + 82_800_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.thaw()
    server.kill()


@asynccontextmanager
async def counter_on(server: RedisServer, *, lease_s: float = 5.0) -> AsyncIterator[RedisCounter]:
    client = open_redis(RedisSettings(url=server.url), every_s=0.05)
    assert client is not None
    await client.open()
    counter = RedisCounter(client, timeout_s=0.05, lease_s=lease_s, tick_s=0.05)
    running = asyncio.create_task(counter.run())
    await until(lambda: not counter.lost)
    yield counter
    running.cancel()
    await asyncio.wait([running])
    await counter.close()
    await client.close()


@pytest.fixture
async def two(server: RedisServer) -> AsyncIterator[list[RedisCounter]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(counter_on(server)) for _ in range(2)]


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not met():  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.005)


async def ask(counter: RedisCounter, *claims: Claim) -> Outcome:
    told = asyncio.get_running_loop().create_future()
    outcome = counter.claim(claims, int(time.time() * 1000), told.set_result)
    return await told if outcome is None else outcome


async def granted(counter: RedisCounter, *claims: Claim) -> Held:
    outcome = await ask(counter, *claims)
    assert not isinstance(outcome, Refused), outcome
    return outcome


async def refused(counter: RedisCounter, *claims: Claim) -> Refused:
    outcome = await ask(counter, *claims)
    assert isinstance(outcome, Refused)
    return outcome


async def passed(counter: RedisCounter, meter: Meter, number: int) -> int:
    outcomes = await asyncio.gather(*(ask(counter, Claim(meter, 1)) for _ in range(number)))
    return sum(not isinstance(outcome, Refused) for outcome in outcomes)


def requests(most: int, share: float = 0.0) -> Meter:
    return Meter(f"m-{next(NUMBER)}", "requests", most, sliding=True, open_share=share)


async def test_a_frozen_redis_holds_nobody_and_counts_nothing_of_it_later(
    server: RedisServer, two: list[RedisCounter], caplog: pytest.LogCaptureFixture
) -> None:
    meter, longest = requests(100), 0.0
    assert await passed(two[0], meter, 10) == 10
    server.freeze()
    while not two[0].lost:
        began = time.monotonic()
        assert (await refused(two[0], Claim(meter, 1))).lost
        longest = max(longest, time.monotonic() - began)
    assert longest < 0.5, "50 ms, and what a busy machine adds"
    began = time.monotonic()
    assert await passed(two[0], meter, 1000) == 0
    assert time.monotonic() - began < 2, "nobody asks a Redis that is lost"
    server.thaw()
    await until(lambda: not (two[0].lost or two[1].lost))
    assert await passed(two[1], meter, 100) == 90, "what was asked while it was frozen is not counted afterwards"
    told = [record.message for record in caplog.records if record.name == "stoa.gateway"]
    assert sum("cannot be counted together" in each for each in told) <= 2, "once by each"


async def test_what_was_open_is_counted_once_redis_is_back(server: RedisServer, two: list[RedisCounter]) -> None:
    meter, day = requests(40, share=0.25), Meter(f"m-{next(NUMBER)}", "tokens", 100, open_share=0.5)
    server.kill()
    await until(lambda: two[0].lost and two[1].lost)
    assert await passed(two[0], meter, 20) == 10
    assert await passed(two[1], meter, 20) == 10
    held = await granted(two[0], Claim(day, 30, *DAY))
    assert (await refused(two[0], Claim(day, 30, *DAY))).lost
    held.settle([45])
    server.start()
    await until(lambda: not (two[0].lost or two[1].lost))
    assert await passed(two[0], meter, 40) == 20
    assert (await refused(two[1], Claim(day, 56, *DAY))).used == 45
    sheet = Sheet()
    two[0].show(sheet)
    assert sheet.numbers["stoa_limits_alone_total"][("open",)] == 11


async def test_a_redis_that_was_emptied_is_told_again_what_is_held_and_was_spent(
    server: RedisServer, two: list[RedisCounter]
) -> None:
    money, places = Meter(f"m-{next(NUMBER)}", "nano_usd", 100), Meter(f"m-{next(NUMBER)}", "parallel", 2)
    day = Meter(f"m-{next(NUMBER)}", "requests", 3)
    (await granted(two[0], Claim(money, 60, *DAY))).settle([50])
    await granted(two[0], Claim(money, 49, *DAY), Claim(places, 1))
    await granted(two[0], Claim(day, 1, *DAY))
    await granted(two[0], Claim(day, 1, *DAY))
    with Redis(port=server.port) as admin:
        admin.flushall()
    await granted(two[0], Claim(requests(1), 1))
    await granted(two[0], Claim(requests(1), 1))
    await granted(two[1], Claim(money, 1, *DAY), Claim(places, 1), Claim(day, 1, *DAY))
    assert (await refused(two[1], Claim(money, 1, *DAY))).used == 100
    assert (await refused(two[1], Claim(places, 1))).used == 2
    assert (await refused(two[1], Claim(day, 1, *DAY))).used == 3


async def test_a_full_redis_is_lost_until_there_is_room(server: RedisServer, two: list[RedisCounter]) -> None:
    meter = requests(100)
    assert await passed(two[0], meter, 1) == 1
    with Redis(port=server.port) as admin:
        admin.config_set("maxmemory", 1)
        assert (await refused(two[0], Claim(meter, 1))).lost
        await until(lambda: two[0].lost and two[1].lost)
        admin.config_set("maxmemory", 0)
    await until(lambda: not (two[0].lost or two[1].lost))
    assert await passed(two[1], meter, 100) == 99


async def test_a_redis_that_only_reads_is_lost_until_it_is_the_primary_again(
    server: RedisServer, two: list[RedisCounter], tmp_path: Path
) -> None:
    meter, primary = requests(100), RedisServer(tmp_path)
    primary.start()
    try:
        with Redis(port=server.port) as admin:
            admin.execute_command("REPLICAOF", "127.0.0.1", primary.port)
            assert (await refused(two[0], Claim(meter, 1))).lost
            await until(lambda: two[0].lost and two[1].lost)
            admin.execute_command("REPLICAOF", "NO", "ONE")
        await until(lambda: not (two[0].lost or two[1].lost))
        assert await passed(two[0], meter, 101) == 100
    finally:
        primary.kill()


async def test_a_wrong_password_is_said_at_the_start(server: RedisServer) -> None:
    with Redis(port=server.port) as admin:
        admin.config_set("requirepass", "right")
    for user in ("", ":wrong@", "nobody:right@"):
        client = open_redis(RedisSettings(url=f"redis://{user}127.0.0.1:{server.port}/0"))
        assert client is not None
        with pytest.raises(OperatorError, match=r"does not let Stoa in.*redis://user:password@") as caught:
            await client.open()
        assert "wrong" not in caught.value.message.replace("WRONGPASS", "")
        await client.close()
    client = open_redis(RedisSettings(url=f"redis://:right@127.0.0.1:{server.port}/0"))
    assert client is not None
    await client.open()
    assert client.usable
    await client.close()


async def test_a_redis_that_is_not_there_at_the_start_is_found_later(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    client = open_redis(RedisSettings(url=server.url), every_s=0.05)
    assert client is not None
    await client.open()
    counter = RedisCounter(client, timeout_s=0.05, tick_s=0.05)
    running = asyncio.create_task(counter.run())
    try:
        assert await passed(counter, requests(40, share=0.25), 20) == 10
        server.start()
        await until(lambda: not counter.lost)
        assert await passed(counter, requests(40), 50) == 40
    finally:
        running.cancel()
        await asyncio.wait([running])
        await client.close()
        server.kill()


async def test_a_second_counts_for_a_minute(server: RedisServer, two: list[RedisCounter]) -> None:
    meter = requests(10)
    with Redis(port=server.port, decode_responses=True) as admin:
        now = int(admin.time()[0])
        was = {now - 70 + age: 1 for age in range(4)} | {now - 30: 3, now - 20: 2}
        ring = {str(second % 61): count for second, count in was.items() if now - 20 - second < 61}
        admin.hset(f"{PREFIX}{meter.id}", mapping={**ring, "s": now - 20, "t": sum(ring.values())})
        assert sum(ring.values()) == 9
    assert await passed(two[0], meter, 10) == 5, "the four of more than a minute ago have left"
    answer = await refused(two[1], Claim(meter, 1))
    assert 25 <= answer.retry_after_s <= 32
    assert (await refused(two[1], Claim(meter, 4))).retry_after_s == pytest.approx(answer.retry_after_s + 10, abs=2)


class Forgetful:
    """The script, of which the next answers are lost on the way, as many as `lose` says."""

    def __init__(self, script: Any) -> None:
        self._script = script
        self.lose = 0

    async def count(self, *given: Any, **named: Any) -> Any:
        answer = await self._script.count(*given, **named)
        if self.lose:
            self.lose -= 1
            raise NotCounted("the answer was lost", certain=False)
        return answer


@pytest.mark.parametrize("sliding", [True, False])
async def test_what_is_given_back_by_a_call_whose_answer_is_lost_is_not_given_back_twice(
    two: list[RedisCounter], sliding: bool
) -> None:
    meter, times = Meter(f"m-{next(NUMBER)}", "tokens", 100, sliding), (0, 0) if sliding else DAY
    first, second = await granted(two[0], Claim(meter, 60, *times)), await granted(two[0], Claim(meter, 40, *times))
    two[0]._script = forgetful = Forgetful(two[0]._script)
    forgetful.lose = 1
    first.settle([30])
    await until(lambda: not forgetful.lose)
    await granted(two[0], Claim(requests(1), 1))
    assert (await refused(two[1], Claim(meter, 31, *times))).used == 70
    second.settle([50])
    await granted(two[0], Claim(requests(1), 1))
    assert (await refused(two[1], Claim(meter, 21, *times))).used == 80


async def test_money_that_is_settled_by_a_call_whose_answer_is_lost_is_charged_once(two: list[RedisCounter]) -> None:
    meter = Meter(f"m-{next(NUMBER)}", "nano_usd", 100)
    held = await granted(two[0], Claim(meter, 60, *DAY))
    two[0]._script = forgetful = Forgetful(two[0]._script)
    forgetful.lose = 2
    held.settle([50])
    await until(lambda: not forgetful.lose)
    await granted(two[0], Claim(requests(1), 1))
    await granted(two[1], Claim(meter, 50, *DAY))
    assert (await refused(two[1], Claim(meter, 1, *DAY))).used == 100


async def test_tokens_that_came_to_less_are_free_for_the_others(two: list[RedisCounter]) -> None:
    meter = Meter(f"m-{next(NUMBER)}", "tokens", 100, sliding=True)
    held = await granted(two[0], Claim(meter, 90))
    assert (await refused(two[1], Claim(meter, 20))).used == 90
    held.settle([30])
    await granted(two[0], Claim(requests(1), 1))
    await granted(two[1], Claim(meter, 70))
    assert (await refused(two[0], Claim(meter, 1))).used == 100


async def test_a_gateway_that_stops_gives_back_what_it_took_ahead(server: RedisServer) -> None:
    meter = Meter(f"m-{next(NUMBER)}", "requests", 10_000)
    async with counter_on(server) as stays:
        async with counter_on(server) as goes:
            for _ in range(50):
                await granted(goes, Claim(meter, 1, *DAY))
        await granted(stays, Claim(meter, 9950, *DAY))
        assert (await refused(stays, Claim(meter, 1, *DAY))).used == 10_000


async def test_a_user_of_redis_with_the_rights_that_the_guide_names_is_enough(server: RedisServer) -> None:
    rights = re.search(r"`ACL (SETUSER stoa on >PASSWORD [^`]+)`", GUIDE.read_text())
    assert rights is not None
    with Redis(port=server.port) as admin:
        admin.execute_command("ACL", *rights[1].split())
        admin.execute_command("ACL", "SETUSER", "default", "off")
    client = open_redis(RedisSettings(url=f"redis://stoa:PASSWORD@127.0.0.1:{server.port}/0"))
    assert client is not None
    await client.open()
    counter = RedisCounter(client, timeout_s=0.05, tick_s=0.05)
    running = asyncio.create_task(counter.run())
    await until(lambda: not counter.lost)
    kinds = [requests(5), Meter("d", "tokens", 5), Meter("b", "nano_usd", 5), Meter("p", "parallel", 5)]
    await granted(counter, *(Claim(meter, 1, *(DAY if meter.unit in ("tokens", "nano_usd") else (0, 0))) for meter in kinds))
    running.cancel()
    await asyncio.wait([running])
    await client.close()


async def test_what_is_over_is_forgotten_here_and_in_redis(server: RedisServer, two: list[RedisCounter]) -> None:
    now = int(time.time() * 1000)
    past, meter = (now - 7_200_000, now - 3_700_000), Meter(f"m-{next(NUMBER)}", "nano_usd", 100)
    (await granted(two[0], Claim(meter, 10, *past))).settle([10])
    await granted(two[0], Claim(meter, 10, *DAY))
    await granted(two[0], Claim(requests(1), 1))
    two[0]._tick(time.monotonic() + 100)
    assert [starts for name, starts in two[0]._accounts if name == meter.id] == [DAY[0]]
    with Redis(port=server.port, decode_responses=True) as admin:
        keys = list(admin.scan_iter(f"{PREFIX}{meter.id}*"))
        assert keys == [f"{PREFIX}{meter.id}:{DAY[0]}"]
        assert admin.pttl(keys[0]) == pytest.approx(DAY[1] + 3_600_000 - now, abs=60_000)
