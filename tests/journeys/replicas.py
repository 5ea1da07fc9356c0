"""Three gateways of one Stoa that count together in one Redis, and clients that ask all of them at once."""

import asyncio
import contextlib
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from tests.journeys.conftest import RunningStoa, clean_environment, start, wait_until
from tests.journeys.provider import provider
from tests.redis_server import RedisServer

_READY_WITHIN_S = 60


@dataclass
class Replica:
    """A further gateway, by `stoa gateway`, with a home of its own."""

    home: Path
    control: str
    environment: dict[str, str]
    url: str = ""
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """On the port that it had before, if it ran before."""
        output = self.home.parent / f"{self.home.name}.txt"
        port = self.url.rpartition(":")[2] or "0"
        command = [sys.executable, "-m", "stoa", "--home", str(self.home), "gateway", "--control", self.control, "--port", port]
        with output.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=clean_environment(**self.environment))
        wait_until(lambda: self._serves(output), "the replica serves", seconds=_READY_WITHIN_S)
        wait_until(lambda: ready(self.url), "the replica is ready", seconds=_READY_WITHIN_S)

    def kill(self) -> None:
        """As `kill -9`; `start` brings it back."""
        self.process.kill()
        self.process.wait(30)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
            self.process.wait(60)

    def _serves(self, output: Path) -> bool:
        assert self.process.poll() is None, output.read_text()
        found = re.search(r"serves on (http://[\w.:]+)", output.read_text())
        self.url = found[1] if found else self.url
        return found is not None


@dataclass
class Fleet:
    """`stoa` is the one that control belongs to; `urls` are all three. `asked` are the bodies that their provider was sent."""

    stoa: RunningStoa
    redis: RedisServer
    replicas: list[Replica]
    asked: list[Any] = field(default_factory=list[Any])

    @property
    def urls(self) -> list[str]:
        return [self.stoa.url, *(each.url for each in self.replicas)]

    def administer(self, method: str, path: str, body: Any = None) -> httpx.Response:
        local = {"authorization": f"Bearer {(self.stoa.home / 'secrets' / 'cli.key').read_text().strip()}"}
        return httpx.request(method, self.stoa.url + path, json=body, headers=local, timeout=60)

    def apply(self, *resources: dict[str, Any]) -> None:
        """Until all three serve from it."""
        before = max(self._told("snapshot"))
        applied = self.administer("POST", "/api/resources/apply", {"resources": list(resources)})
        assert applied.is_success, applied.text
        wait_until(lambda: min(self._told("snapshot")) > before, "all three have the change")

    def key(self, name: str, *options: str) -> str:
        """A new key, once all three know it."""
        key = self.stoa.key(name, *options)
        headers = {"authorization": f"Bearer {key}"}
        for url in self.urls:
            wait_until(lambda url=url: _known(url, headers), "the key is known")
        return key

    def counted(self, name: str) -> int:
        """Requests of a key that control knows of."""
        answer = self.administer("GET", "/api/usage?group_by=key")
        assert answer.is_success, answer.text
        return sum(row["requests"] for row in answer.json()["data"] if name in str(row))

    def lost(self) -> list[bool]:
        return [limits["lost"] for limits in self._told("limits")]

    def decided_alone(self) -> int:
        """Requests that a gateway decided without the common count, as the gateways' metrics tell."""
        total = 0.0
        for url in self.urls:
            families = text_string_to_metric_families(httpx.get(f"{url}/metrics", timeout=30).text)
            total += sum(each.value for family in families if family.name == "stoa_limits_alone" for each in family.samples)
        return round(total)

    def _told(self, what: str) -> list[Any]:
        """By each, when it was asked whether it is ready."""
        return [httpx.get(f"{url}/readyz", timeout=30).json()[what] for url in self.urls]


def ready(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/readyz", timeout=30).status_code == 200
    return False


def _known(url: str, headers: dict[str, str]) -> bool:
    return httpx.get(f"{url}/v1/models", headers=headers, timeout=30).status_code == 200


@contextmanager
def fleet(folder: Path, **environment: str) -> Generator[Fleet]:
    with ExitStack() as stack:
        redis = RedisServer(folder)
        redis.start()
        stack.callback(redis.kill)
        stack.callback(redis.thaw)
        shared = {"STOA_REDIS__URL": redis.url, "STOA_GATEWAY__REPLICAS": "3", **environment}
        stoa = stack.enter_context(start(folder, **shared))
        replicas: list[Replica] = []
        for number in (2, 3):
            home = folder / f"home-{number}"
            (home / "secrets").mkdir(parents=True, mode=0o700)
            shutil.copy2(stoa.home / "secrets" / "master.key", home / "secrets" / "master.key")
            replica = Replica(home, stoa.roles()["control"]["url"], shared)
            replica.start()
            stack.callback(replica.end)
            replicas.append(replica)
        yield Fleet(stoa, redis, replicas)


@contextmanager
def fleet_before_streams(folder: Path) -> Generator[Fleet]:
    """With one model `m`, priced a dollar a million tokens: whole answers come at once, streams are slow and long."""
    with provider("red", words=40, pause_s=0.25) as upstream, fleet(folder) as made:
        price = {"input_per_million": "1", "output_per_million": "1"}
        made.apply(
            {"kind": "Provider", "name": "p", "base_url": upstream.url},
            {"kind": "Model", "name": "m", "provider": "p", "price": price},
        )
        made.asked = upstream.asked
        yield made


@dataclass
class Asked:
    """What became of requests: by status, and how long the slowest took."""

    statuses: Counter[str] = field(default_factory=Counter[str])
    slowest_s: float = 0.0
    refusals: list[str] = field(default_factory=list[str])


async def ask_at_once(urls: Sequence[str], key: str, number: int, *, at_once: int = 300, **fields: Any) -> Asked:
    """So many requests, spread over all gateways."""
    asked, places = Asked(), asyncio.Semaphore(at_once)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        await asyncio.gather(*(_ask(client, urls[n % len(urls)], key, asked, places, fields) for n in range(number)))
    return asked


async def ask_for(urls: Sequence[str], key: str, seconds: float, *, at_once: int = 6, **fields: Any) -> Asked:
    """As many as can be made by so many clients, without a pause."""
    asked, places, until = Asked(), asyncio.Semaphore(at_once), time.monotonic() + seconds

    async def one(number: int) -> None:
        async with httpx.AsyncClient(timeout=60) as client:
            while time.monotonic() < until:
                await _ask(client, urls[number % len(urls)], key, asked, places, fields)
                await asyncio.sleep(0.01)

    await asyncio.gather(*(one(number) for number in range(at_once)))
    return asked


async def _ask(
    client: httpx.AsyncClient, url: str, key: str, asked: Asked, places: asyncio.Semaphore, fields: dict[str, Any]
) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 1, "max_tokens": 1, **fields}
    async with places:
        began = time.monotonic()
        try:
            headers = {"authorization": f"Bearer {key}"}
            answer = await client.post(f"{url}/v1/chat/completions", json=body, headers=headers)
        except httpx.TransportError as error:
            asked.statuses[type(error).__name__] += 1
            return
        asked.slowest_s = max(asked.slowest_s, time.monotonic() - began)
    asked.statuses[str(answer.status_code)] += 1
    if answer.status_code != 200:
        asked.refusals.append(answer.text)


def waits(url: str) -> dict[str, float]:
    """How long requests waited for the count, by bucket: none above `0.1` s."""
    text = httpx.get(f"{url}/metrics", timeout=30).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = families["stoa_limits_wait_seconds"].samples
    return {sample.labels["le"]: sample.value for sample in samples if sample.name.endswith("_bucket")}
