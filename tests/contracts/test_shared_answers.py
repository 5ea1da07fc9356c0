"""Where gateways share answers: in memory and in Redis."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.redis_server import RedisServer

from stoa.adapters.cache.memory import MemoryAnswers
from stoa.adapters.secrets.vault import Box
from stoa.domain.answers import SharedAnswers

MINE, YOURS = b"m" * 32, b"y" * 32


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.slow)])
async def answers(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SharedAnswers]:
    if request.param == "memory":
        yield MemoryAnswers()
        return
    from stoa.adapters.cache.redis import RedisAnswers
    from stoa.adapters.redis.client import open_redis
    from stoa.sections import RedisSettings

    server = RedisServer(tmp_path)
    server.start()
    client = open_redis(RedisSettings(url=server.url))
    assert client is not None
    client.start()
    found = RedisAnswers(client, Box(b"k" * 32))
    try:
        async with asyncio.timeout(30):
            while not found.usable:  # noqa: ASYNC110 - whether it answers is told to nobody
                await asyncio.sleep(0.01)
        yield found
        await found.close()
        await client.close()
    finally:
        server.kill()


async def get(answers: SharedAnswers, key: bytes, scope: bytes = MINE) -> bytes | None:
    told: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
    answers.get(scope, key, told.set_result)
    assert not told.done(), "whoever asks goes on first"
    return await asyncio.wait_for(told, 10)


async def kept(answers: SharedAnswers, key: bytes, scope: bytes = MINE) -> bytes:
    """What was put, once it is there."""
    async with asyncio.timeout(10):
        while (found := await get(answers, key, scope)) is None:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    return found


async def test_what_was_put_is_given_byte_for_byte(answers: SharedAnswers) -> None:
    value = bytes(range(256)) * 10
    answers.put(MINE, b"a", value, 60)
    assert await kept(answers, b"a") == value
    answers.put(MINE, b"a", b"other", 60)
    async with asyncio.timeout(10):
        while await get(answers, b"a") != b"other":  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_what_is_not_there_is_told_to_be_none(answers: SharedAnswers) -> None:
    assert await get(answers, b"nothing") is None


async def test_nobody_gets_what_is_of_another_scope(answers: SharedAnswers) -> None:
    answers.put(MINE, b"a", b"1", 60)
    await kept(answers, b"a")
    assert await get(answers, b"a", YOURS) is None


async def test_what_was_put_goes_with_its_time(answers: SharedAnswers) -> None:
    answers.put(MINE, b"short", b"1", 0.02)
    answers.put(MINE, b"long", b"1", 60)
    await kept(answers, b"long")
    async with asyncio.timeout(10):
        while await get(answers, b"short") is not None:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_many_ask_at_once_and_each_gets_its_own(answers: SharedAnswers) -> None:
    for number in range(200):
        answers.put(MINE, b"%d" % number, b"value %d" % number, 60)
    await kept(answers, b"199")
    keys = [b"%d" % number for number in range(250)]
    found = await asyncio.gather(*(get(answers, key) for key in keys))
    assert found == [b"value %d" % number if number < 200 else None for number in range(250)]


async def test_a_scope_is_forgotten_whole_and_no_other(answers: SharedAnswers) -> None:
    for number in range(30):
        answers.put(MINE, b"%d" % number, b"1", 60)
    answers.put(YOURS, b"a", b"1", 60)
    await kept(answers, b"29")
    await kept(answers, b"a", YOURS)
    assert await answers.drop(MINE) == 30
    assert await answers.drop(MINE) == 0
    assert await get(answers, b"7") is None
    assert await get(answers, b"a", YOURS) == b"1"
