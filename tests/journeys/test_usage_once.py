"""Any role is killed at any moment under load: every answered request is in the usage table, once."""

import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Self

import httpx
import pytest
from tests.journeys.conftest import RunningStoa, wait_until

pytestmark = pytest.mark.slow

CALLERS = 8
ANSWERED = 500
"""At least, however slow the machine."""
KILLS = ("gateway", "control", "gateway", "engine", "gateway", "worker", "control", "gateway")


class Load:
    """Callers that ask on and on; `answered` are the ids of requests that were answered whole."""

    def __init__(self, stoa: RunningStoa, key: str) -> None:
        self._url = f"{stoa.url}/v1/chat/completions"
        self._key = key
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(number,)) for number in range(CALLERS)]
        self.answered: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _call(self, caller: int) -> None:
        dice = random.Random(caller)
        with httpx.Client(headers={"authorization": f"Bearer {self._key}"}, timeout=30) as client:
            while not self._stop.is_set():
                question = f"Question {dice.randrange(200)}?"  # some again, for the cache
                body = {"model": "stoa-reader", "messages": [{"role": "user", "content": question}], "stream": caller % 2 == 0}
                try:
                    with client.stream("POST", self._url, json=body) as answer:
                        content = answer.read()
                except httpx.HTTPError:
                    continue  # it was cut off: not answered
                if answer.status_code == 200 and (not body["stream"] or b"data: [DONE]" in content):
                    self.answered.append(answer.headers["x-request-id"])


def test_every_answered_request_is_in_usage_once_whatever_is_killed(start_stoa: Callable[..., RunningStoa]) -> None:
    stoa = start_stoa()
    key = stoa.key("load", "--requests-per-minute", "none")
    with Load(stoa, key) as load:
        for role in KILLS:
            time.sleep(1.5)
            before = stoa.roles()[role]
            os.kill(before["pid"], signal.SIGKILL)
            wait_until(lambda: stoa.roles()[role]["restarts"] > before["restarts"], f"{role} is started again")  # noqa: B023
        stoa.wait_until_ready()
        enough = max(len(load.answered) + 20, ANSWERED)
        wait_until(lambda: len(load.answered) > enough, "requests are answered again, and enough of them", seconds=300)
    assert len(set(load.answered)) == len(load.answered)

    def missing() -> set[str]:
        return set(load.answered) - set(_recorded(stoa))

    wait_until(lambda: not missing(), "all usage has arrived", seconds=120)
    twice = {request: count for request, count in Counter(_recorded(stoa)).items() if count > 1}
    assert twice == {}


def _recorded(stoa: RunningStoa) -> list[str]:
    with closing(sqlite3.connect(f"file:{stoa.home / 'stoa.sqlite'}?mode=ro", uri=True)) as database:
        return [row[0] for row in database.execute("SELECT request_id FROM usage")]
