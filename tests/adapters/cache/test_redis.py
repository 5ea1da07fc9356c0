"""Answers in a real Redis that is read and written by others, killed and frozen."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis as redis_py
from tests.redis_server import RedisServer

from stoa.adapters.cache.redis import RedisAnswers
from stoa.adapters.redis.client import RedisClient, open_redis
from stoa.adapters.secrets.vault import Box
from stoa.errors import OperatorError
from stoa.sections import RedisSettings

pytestmark = pytest.mark.slow
SCOPE = b"s" * 32


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def client(server: RedisServer) -> AsyncIterator[RedisClient]:
    client = open_redis(RedisSettings(url=server.url), every_s=0.05)
    assert client is not None
    client.start()
    await until(client, usable=True)
    yield client
    await client.close()


async def until(client: RedisClient, *, usable: bool) -> None:
    async with asyncio.timeout(30):
        while client.usable is not usable:  # noqa: ASYNC110 - whether it answers is told to nobody
            await asyncio.sleep(0.01)


async def get(answers: RedisAnswers, key: bytes) -> bytes | None:
    told: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
    answers.get(SCOPE, key, told.set_result)
    return await told


async def put(answers: RedisAnswers, key: bytes, value: bytes) -> None:
    answers.put(SCOPE, key, value, 60)
    async with asyncio.timeout(10):
        while await get(answers, key) != value:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_redis_holds_no_word_of_an_answer_and_none_of_its_own_making_is_taken(
    server: RedisServer, client: RedisClient
) -> None:
    answers = RedisAnswers(client, Box(b"k" * 32))
    await put(answers, b"a", b"a secret plan")
    await put(answers, b"b", b"another plan")
    with redis_py.Redis.from_url(server.url) as raw:
        names = sorted(raw.keys())
        assert len(names) == 2
        values = {name: raw.get(name) for name in names}
        assert not any(b"plan" in value for value in values.values())
        raw.set(names[0], values[names[1]])
        assert await get(answers, b"a") is None, "an answer of another question"
        raw.set(names[0], b"made up")
        assert await get(answers, b"a") is None
        raw.delete(names[0])
        raw.lpush(names[0], b"of another kind")
        assert await get(answers, b"a") is None
        assert await get(answers, b"b") == b"another plan"
    assert await get(RedisAnswers(client, Box(b"x" * 32)), b"b") is None, "another Stoa's"
    await answers.close()


async def test_a_redis_that_is_full_costs_no_more_than_a_warning(
    server: RedisServer, client: RedisClient, caplog: pytest.LogCaptureFixture
) -> None:
    answers = RedisAnswers(client, Box(b"k" * 32))
    with redis_py.Redis.from_url(server.url) as raw:
        raw.config_set("maxmemory", "1")
    for number in range(5):
        answers.put(SCOPE, b"%d" % number, b"1", 60)
        assert await get(answers, b"%d" % number) is None
    async with asyncio.timeout(10):
        while "refuses cached answers" not in caplog.text:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    assert caplog.text.count("refuses cached answers") == 1
    assert client.usable
    await answers.close()


@pytest.mark.parametrize("harm", ["freeze", "kill"])
async def test_nobody_waits_for_a_redis_that_does_not_answer(server: RedisServer, client: RedisClient, harm: str) -> None:
    answers = RedisAnswers(client, Box(b"k" * 32))
    await put(answers, b"a", b"1")
    getattr(server, harm)()
    waits: list[float] = []
    while client.usable:
        began = time.monotonic()
        found = await asyncio.gather(*(get(answers, b"a") for _ in range(100)))
        waits.append(time.monotonic() - began)
        assert set(found) == {None}
        answers.put(SCOPE, b"b", b"2", 60)
    assert min(waits) < 0.5
    with pytest.raises(OperatorError, match="Do it again"):
        await answers.drop(SCOPE)
    if harm == "freeze":
        server.thaw()
        await until(client, usable=True)
        assert await get(answers, b"a") == b"1"
    else:
        server.start()
        await until(client, usable=True)
        assert await get(answers, b"a") is None
    await put(answers, b"c", b"3")
    await answers.close()
