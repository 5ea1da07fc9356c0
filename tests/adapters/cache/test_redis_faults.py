"""Whatever goes wrong on the way to Redis, whoever asks for an answer is told that there is none."""

import asyncio
from typing import Any, cast

from stoa.adapters.cache.redis import RedisAnswers
from stoa.adapters.redis.client import RedisClient
from stoa.adapters.secrets.vault import Box


class Faulty:
    """In a RedisClient's place: every call ends in a fault of its own."""

    usable = True

    async def call(self, ask: Any, *, within_s: float | None = None) -> None:
        raise RuntimeError("a fault that nobody thought of")


async def test_a_fault_of_the_client_leaves_nobody_waiting(caplog) -> None:
    answers = RedisAnswers(cast("RedisClient", Faulty()), Box(b"k" * 32))
    told: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
    answers.get(b"s" * 32, b"k" * 32, told.set_result)
    assert await asyncio.wait_for(told, 5) is None
    assert "could not be asked for" in caplog.text
    await answers.close()


async def test_nobody_waits_here_who_has_waited_for_redis_in_vain(caplog) -> None:
    answers = RedisAnswers(cast("RedisClient", Faulty()), Box(b"k" * 32))
    answers.spares = lambda: True
    told: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
    answers.get(b"s" * 32, b"k" * 32, told.set_result)
    assert await asyncio.wait_for(told, 5) is None
    assert caplog.text == "", "Redis was not asked"
    await answers.close()
