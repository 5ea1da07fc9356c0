"""Whatever goes wrong on the way to Redis, whoever waits for an outcome is told one, and the next one too."""

import asyncio
import time
from typing import Any, cast

import msgspec

from stoa.adapters.limits.replicas import RedisCounter
from stoa.adapters.redis.client import RedisClient
from stoa.domain.counting import Claim, Meter, Outcome


class Faulty:
    """In a RedisClient's place: answers calls that ask for nothing, and fails by a fault of its own at any other."""

    usable = True
    faulty = False

    async def call(self, ask: Any, *, within_s: float | None = None) -> bytes:
        if self.faulty:
            raise RuntimeError("a fault that nobody thought of")
        return msgspec.msgpack.encode([time.time_ns() // 1_000_000, 1, 1, [], []])


async def test_a_fault_of_the_client_is_a_call_that_failed(caplog) -> None:
    client = Faulty()
    counter = RedisCounter(cast("RedisClient", client), timeout_s=0.05, tick_s=0.01)
    task = asyncio.create_task(counter.run())
    while counter.lost:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    client.faulty = True
    claim = Claim(Meter("limit/l/key/requests", "requests", 10, sliding=True, open_share=1.0), 1)
    for _ in range(2):
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        at_once = counter.claim([claim], 0, told.set_result)  # from the third failure on
        assert at_once or await asyncio.wait_for(told, 5)
    assert not task.done()
    assert "limits could not be counted together" in caplog.text
    task.cancel()
    await asyncio.wait([task])
