"""Whatever goes wrong on the way to Redis, whoever waits for an outcome is told one, and the next one too."""

import asyncio
import time
from typing import Any, cast

import msgspec
import pytest

from stoa.adapters.limits.replicas import RedisCounter
from stoa.adapters.redis.client import RedisClient
from stoa.domain.counting import Claim, Meter, Outcome


class Faulty:
    """In a RedisClient's place: answers calls that ask for nothing, and fails by a fault of its own at any other."""

    usable = True
    faulty = False
    within_s: float | None = None

    async def call(self, ask: Any, *, within_s: float | None = None) -> bytes:
        if self.faulty:
            self.within_s = self.within_s or within_s  # of the first: the next are asked by nobody who waits
            raise RuntimeError("a fault that nobody thought of")
        return msgspec.msgpack.encode([time.time_ns() // 1_000_000, 1, 1, [], []])


async def test_a_fault_of_the_client_is_a_call_that_failed(caplog) -> None:
    client = Faulty()
    counter = RedisCounter(cast("RedisClient", client), timeout_s=0.05, tick_s=0.01)
    task = asyncio.create_task(counter.run())
    while counter.lost:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    assert not counter.failed_lately()
    client.faulty = True
    claim = Claim(Meter("limit/l/key/requests", "requests", 10, sliding=True, open_share=1.0), 1)
    for _ in range(2):
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        at_once = counter.claim([claim], 0, told.set_result)  # from the third failure on
        assert at_once or await asyncio.wait_for(told, 5)
    assert counter.failed_lately()
    assert not task.done()
    assert "limits could not be counted together" in caplog.text
    task.cancel()
    await asyncio.wait([task])


async def test_who_waited_for_redis_already_waits_so_much_less_here() -> None:
    client, waited_s = Faulty(), 0.015
    counter = RedisCounter(cast("RedisClient", client), timeout_s=0.05, tick_s=0.01, waited_s=lambda: waited_s)
    task = asyncio.create_task(counter.run())
    while counter.lost:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    client.faulty = True
    told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    claim = Claim(Meter("limit/l/key/requests", "requests", 10, sliding=True, open_share=1.0), 1)
    assert counter.claim([claim], 0, told.set_result) is None
    await asyncio.wait_for(told, 5)
    assert client.within_s is not None
    assert client.within_s == pytest.approx(0.045 - waited_s)
    task.cancel()
    await asyncio.wait([task])
