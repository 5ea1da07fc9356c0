"""The database or control frozen or gone: known keys are served, readiness stays true, health says so, nothing is lost."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.journeys.conftest import RunningStoa, start, wait_until
from tests.journeys.faulty import Faulty
from tests.journeys.provider import provider

pytestmark = pytest.mark.slow

Break = Callable[[RunningStoa, Faulty], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[Faulty]:
    place = urlsplit(postgres_server)
    faulty = Faulty(place.hostname or "", place.port or 0)
    yield faulty
    faulty.close()


@pytest.fixture(scope="module")
def stoa(tmp_path_factory: pytest.TempPathFactory, database: Faulty) -> Iterator[RunningStoa]:
    url = f"postgresql://stoa@127.0.0.1:{database.port}/postgres"
    with (
        provider("steady") as made,
        start(tmp_path_factory.mktemp("outages"), "--workers", "2", STOA_DATABASE__URL=url) as running,
    ):
        wanted = [
            {"kind": "Provider", "name": "p", "base_url": made.url},
            {"kind": "Model", "name": "m", "provider": "p", "price": {"input_per_million": "1"}},
        ]
        answer = administer(running, "POST", "/api/resources/apply", {"resources": wanted})
        assert answer.is_success, answer.text
        yield running


def administer(stoa: RunningStoa, method: str, path: str, body: Any = None, *, timeout_s: float = 60) -> httpx.Response:
    local = {"authorization": f"Bearer {(stoa.home / 'secrets' / 'cli.key').read_text().strip()}"}
    return httpx.request(method, stoa.roles()["gateway"]["url"] + path, json=body, headers=local, timeout=timeout_s)


def ask(stoa: RunningStoa, key: str) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 1}
    return httpx.post(f"{stoa.url}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"}, timeout=30)


def database_frozen(stoa: RunningStoa, database: Faulty) -> AbstractContextManager[None]:
    return database.frozen()


def database_down(stoa: RunningStoa, database: Faulty) -> AbstractContextManager[None]:
    return database.down()


@contextmanager
def control_frozen(stoa: RunningStoa, database: Faulty) -> Iterator[None]:
    pid = stoa.roles()["control"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def control_dead(stoa: RunningStoa, database: Faulty) -> Iterator[None]:
    """It cannot start again while its database is away."""
    with database.down():
        os.kill(stoa.roles()["control"]["pid"], signal.SIGKILL)
        yield


BREAKS: list[Break] = [database_frozen, database_down, control_frozen, control_dead]


@pytest.mark.parametrize("broken", BREAKS, ids=lambda each: each.__name__)
def test_known_keys_are_served_and_nothing_of_it_is_lost(stoa: RunningStoa, database: Faulty, broken: Break) -> None:
    name = broken.__name__.replace("_", "-")
    key = stoa.key(name)
    wait_until(lambda: ask(stoa, key).status_code == 200, "the key is known to the entry")
    gateways = [stoa.roles()["gateway"]["url"], stoa.roles()["gateways"]["gateway-2"]["url"]]
    wait_until(lambda: _readys(gateways) == [200, 200], "both are ready")
    before = counted(stoa, name)
    with broken(stoa, database):
        began, asked = time.monotonic(), 0
        while time.monotonic() - began < 4:
            answer = ask(stoa, key)
            assert answer.status_code == 200, answer.text
            asked += 1
            time.sleep(0.1)
        assert _readys(gateways) == [200, 200]
        told = stoa.stoa("status")
        assert told.returncode != 0
        assert "control" in told.stdout + told.stderr
        if broken in (database_frozen, database_down):
            reasons = httpx.get(f"{stoa.roles()['control']['url']}/readyz", timeout=60)
            assert reasons.status_code == 503
            assert "database" in reasons.text
        unknown = ask(stoa, "sk-stoa-" + "x" * 43)
        assert unknown.status_code == 401, "who is not known is not let in because nobody can be asked"
    stoa.wait_until_ready("all is well again")
    wait_until(lambda: counted(stoa, name) >= before + asked, "all usage is with control")
    assert counted(stoa, name) <= before + asked + 20, "the asking until it was known, and nothing twice"
    later = stoa.key(f"{name}-later")
    wait_until(lambda: ask(stoa, later).status_code == 200, "changes are followed again")


def _readys(urls: list[str]) -> list[int]:
    return [httpx.get(f"{url}/readyz", timeout=60).status_code for url in urls]


def counted(stoa: RunningStoa, name: str) -> int:
    answer = administer(stoa, "GET", "/api/usage?group_by=key")
    assert answer.is_success, answer.text
    return sum(row["requests"] for row in answer.json()["data"] if name in str(row))
