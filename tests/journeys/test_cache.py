"""The cache as its users meet it: a hundred who ask the same, what it saved, and two workers that share it through Redis."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.journeys.conftest import RunningStoa, start, wait_until
from tests.journeys.provider import Provider, provider
from tests.redis_server import RedisServer

pytestmark = pytest.mark.slow

THINKS_S = 1.0


@pytest.fixture(scope="module")
def thinker() -> Iterator[Provider]:
    with provider("thinker", words=5, pause_s=0.1, thinks_s=THINKS_S) as made:
        yield made


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def stoa(plain_stoa: RunningStoa, thinker: Provider) -> RunningStoa:
    return offering(plain_stoa, thinker)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, thinker: Provider, redis: RedisServer) -> Iterator[RunningStoa]:
    with start(tmp_path_factory.mktemp("pair"), "--workers", "2", STOA_REDIS__URL=redis.url) as running:
        yield offering(running, thinker)


def offering(stoa: RunningStoa, of: Provider) -> RunningStoa:
    price = {"input_per_million": "1", "output_per_million": "1"}
    resources = [
        {"kind": "Provider", "name": "thinker", "base_url": of.url},
        {"kind": "Model", "name": "thinker", "provider": "thinker", "price": price},
        {"kind": "Route", "name": "thought", "targets": [{"model": "thinker"}], "cache": {"ttl_s": 600, "max_temperature": 1}},
    ]
    local = {"authorization": f"Bearer {(stoa.home / 'secrets' / 'cli.key').read_text().strip()}"}
    applied = httpx.post(workers(stoa)[0] + "/api/resources/apply", json={"resources": resources}, headers=local, timeout=60)
    assert applied.is_success, applied.text
    return stoa


def workers(stoa: RunningStoa) -> list[str]:
    roles = stoa.roles()
    return [roles["gateway"]["url"], *(each["url"] for each in roles["gateways"].values())]


def question(text: str, **fields: Any) -> dict[str, Any]:
    return {"model": "thought", "messages": [{"role": "user", "content": text}], **fields}


def connections(stoa: RunningStoa) -> int:
    """Of clients, that are open, besides the one that asks."""
    text = httpx.get(f"{stoa.url}/metrics", headers={"connection": "close"}, timeout=60).text
    return next(int(float(line.split()[1])) for line in text.splitlines() if line.startswith("stoa_connections ")) - 1


async def together(url: str, key: str, number: int, body: dict[str, Any]) -> list[httpx.Response]:
    """All at once."""
    limits = httpx.Limits(max_connections=number)
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, limits=limits) as client:
        return list(await asyncio.gather(*(client.post("/v1/chat/completions", json=body) for _ in range(number))))


def ask(url: str, key: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"} | headers, timeout=60)


def known(stoa: RunningStoa, key: str) -> str:
    """The key, once every worker knows it."""
    headers = {"authorization": f"Bearer {key}"}
    for url in workers(stoa):
        wait_until(
            lambda at=url: "thought" in httpx.get(f"{at}/v1/models", headers=headers, timeout=60).text,
            "the key and the route are known",
        )
    return key


@pytest.fixture(scope="module")
def key(stoa: RunningStoa) -> str:
    return known(stoa, stoa.key("hundred", "--requests-per-minute", "100000"))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_hundred_identical_requests_at_once_are_one_call(
    stoa: RunningStoa, key: str, thinker: Provider, stream: bool
) -> None:
    before, open_before = len(thinker.asked), connections(stoa)
    thinker.go_on.clear()
    asking = asyncio.create_task(together(stoa.url, key, 100, question(f"What is DevOps, {stream}?", stream=stream)))
    try:
        await asyncio.to_thread(wait_until, lambda: connections(stoa) >= open_before + 100, "all hundred have come")
        await asyncio.sleep(0.5)  # and are read
    finally:
        thinker.go_on.set()
    found = await asking
    assert {answer.status_code for answer in found} == {200}
    assert len(thinker.asked) == before + 1
    assert sorted(answer.headers["x-stoa-cache"] for answer in found) == ["hit"] * 99 + ["miss"]
    assert {answer.headers.get("x-stoa-cache-tier") for answer in found} == {None, "joined"}
    first = next(answer for answer in found if answer.headers["x-stoa-cache"] == "miss")
    assert {answer.headers.get("x-stoa-cache-of", first.headers["x-request-id"]) for answer in found} == {
        first.headers["x-request-id"]
    }
    assert {answer.text.count("thinker") for answer in found} == {first.text.count("thinker")}


def test_what_was_saved_is_told_in_the_terminal(stoa: RunningStoa, key: str) -> None:
    body = question("What is saved?")
    filled, found = ask(stoa.url, key, body), ask(stoa.url, key, body)
    assert found.headers["x-stoa-cache-of"] == filled.headers["x-request-id"]
    assert found.headers["x-stoa-saved-nano-usd"] == filled.headers["x-stoa-cost-nano-usd"] != "0"

    def told() -> dict[str, Any]:
        return json.loads(stoa.stoa("usage", "--by", "model", "--json").stdout)["total"]

    wait_until(lambda: told()["cache_hits"] >= 1 and told()["saved_nano_usd"] > 0, "the saving is in the ledger")
    assert "SAVED" in stoa.stoa("usage").stdout


def test_what_one_worker_was_answered_the_other_gives_too_and_no_redis_holds_anybody(
    pair: RunningStoa, thinker: Provider, redis: RedisServer
) -> None:
    key = known(pair, pair.key("pair", "--requests-per-minute", "100000"))
    one, other = workers(pair)

    def shared(text: str) -> bool:
        ask(one, key, question(text))
        return ask(other, key, question(text)).headers["x-stoa-cache"] == "hit"

    attempts = (f"shared {number}" for number in range(100))
    wait_until(lambda: shared(next(attempts)), "what one has, the other has")

    redis.freeze()
    frozen = [timed(one, key, f"frozen {number}") for number in range(5)]
    assert {status for status, _ in frozen} == {200}
    assert min(took for _, took in frozen) < THINKS_S + 1
    redis.thaw()
    wait_until(lambda: shared(next(attempts)), "it is found again")

    redis.kill()
    assert {timed(each, key, "killed")[0] for each in (one, other)} == {200}
    assert ask(one, key, question("killed")).headers["x-stoa-cache"] == "hit", "each still has its own"
    redis.start()
    wait_until(lambda: shared(next(attempts)), "another Redis in its place is found")


def timed(url: str, key: str, text: str) -> tuple[int, float]:
    began = time.monotonic()
    return ask(url, key, question(text)).status_code, time.monotonic() - began
