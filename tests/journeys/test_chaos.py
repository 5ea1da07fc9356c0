"""Each part of a Stoa of three gateways killed and frozen in turn under load, and an account of every answer at the end."""

import asyncio
import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests.journeys.conftest import wait_until
from tests.journeys.killable import KillableProvider
from tests.journeys.replicas import Fleet, fleet
from tests.postgres import PostgresServer

from stoa.domain.decisions import decision_of, spans_of

pytestmark = [pytest.mark.slow, pytest.mark.calm]

AT_ONCE = 6
BROKEN_S = 2.0
COST_NANO_USD = 2000  # a token each way at a dollar a million
HELD_MS = 50
ROUTE = {
    "kind": "Route", "name": "steady", "strategy": "ordered", "targets": [{"model": "one"}, {"model": "other"}],
    "timeouts": {"first_token_s": 1}, "breaker": {"failures": 2, "cooldown_s": 1},
}  # fmt: skip


@dataclass
class Stage:
    """All that can be broken."""

    three: Fleet
    database: PostgresServer
    upstream: KillableProvider
    key: str

    def signal_control(self, what: signal.Signals) -> None:
        os.kill(self.three.stoa.roles()["control"]["pid"], what)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chaos")


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="module")
def upstreams(folder: Path) -> Iterator[list[KillableProvider]]:
    made = [KillableProvider(name, folder) for name in ("one", "other")]
    for each in made:
        each.start()
    yield made
    for each in made:
        each.kill()


@pytest.fixture(scope="module")
def stage(folder: Path, database: PostgresServer, upstreams: list[KillableProvider]) -> Iterator[Stage]:
    with fleet(folder, STOA_DATABASE__URL=f"{database.url}/postgres") as three:
        key = three.key("chaos", "--requests-per-minute", "none")
        price = {"input_per_million": "1", "output_per_million": "1"}
        three.apply(
            *({"kind": "Provider", "name": each.name, "base_url": each.url} for each in upstreams),
            *({"kind": "Model", "name": each.name, "provider": each.name, "price": price} for each in upstreams),
            ROUTE,
            {"kind": "Limit", "name": "many", "scope": "key", "subject": "chaos", "requests": 1_000_000, "parallel": 1000},
            {"kind": "Budget", "name": "much", "scope": "key", "subject": "chaos", "limit_usd": "1000", "per": "month"},
        )
        yield Stage(three, database, upstreams[0], key)


@dataclass(frozen=True)
class Break:
    """`mend` undoes `begin`; None where that comes by itself. So many requests may be `held`, by what they ask."""

    name: str
    begin: Callable[[Stage], object]
    mend: Callable[[Stage], object] | None
    held: int = 2


BREAKS = (
    Break("redis killed", lambda on: on.three.redis.kill(), lambda on: on.three.redis.start()),
    Break("redis frozen", lambda on: on.three.redis.freeze(), lambda on: on.three.redis.thaw()),
    Break("database killed", lambda on: on.database.kill(), lambda on: on.database.start()),
    Break("database frozen", lambda on: on.database.freeze(), lambda on: on.database.thaw()),
    Break("control killed", lambda on: on.signal_control(signal.SIGKILL), None),
    Break(
        "control frozen", lambda on: on.signal_control(signal.SIGSTOP), lambda on: on.signal_control(signal.SIGCONT)
    ),
    Break("upstream killed", lambda on: on.upstream.kill(), lambda on: on.upstream.start()),
    Break("upstream frozen", lambda on: on.upstream.freeze(), lambda on: on.upstream.thaw(), held=2 * AT_ONCE),
    Break("gateway killed", lambda on: on.three.replicas[0].kill(), lambda on: on.three.replicas[0].start()),
    Break("gateway frozen", lambda on: on.three.replicas[1].freeze(), lambda on: on.three.replicas[1].thaw()),
)  # fmt: skip


@dataclass
class Seen:
    """What clients saw: `answered` is what each answer was asked for, by its request's id."""

    answered: dict[str, str] = field(default_factory=dict[str, str])
    statuses: Counter[str] = field(default_factory=Counter[str])
    refusals: list[str] = field(default_factory=list[str])

    @property
    def cut(self) -> int:
        """Requests that ended without an answer: those of a gateway that was killed."""
        return sum(count for status, count in self.statuses.items() if not status.isdigit())


async def ask_on(url: str, key: str, number: int, seen: Seen, enough: asyncio.Event) -> None:
    """One client. It asks every fourth question twice, for the cache."""
    headers = {"authorization": f"Bearer {key}"}
    questions = (text for at in itertools.count() for text in [f"{number}-{at}"] * (2 if at % 4 == 0 else 1))
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        for question in questions:
            if enough.is_set():
                return
            body = {"model": "steady", "messages": [{"role": "user", "content": question}], "temperature": 0, "max_tokens": 1}
            try:
                answer = await client.post("/v1/chat/completions", json=body)
            except httpx.TransportError as error:
                seen.statuses[type(error).__name__] += 1
                await asyncio.sleep(0.05)
                continue
            seen.statuses[str(answer.status_code)] += 1
            if answer.status_code == 200:
                seen.answered[answer.headers["x-request-id"]] = question
            else:
                seen.refusals.append(answer.text)
            await asyncio.sleep(0.02)


def break_all(on: Stage) -> dict[str, tuple[float, float]]:
    """One after the other, each whole again before the next; when it was, in seconds of the clock."""
    times: dict[str, tuple[float, float]] = {}
    for each in BREAKS:
        began = time.time()
        each.begin(on)
        try:
            time.sleep(BROKEN_S)
        finally:
            if each.mend is not None:
                each.mend(on)
        times[each.name] = (began, time.time())
        on.three.stoa.wait_until_ready(f"all is well after: {each.name}", seconds=90)
        wait_until(lambda: on.three.lost() == [False] * 3, f"all count together after: {each.name}", seconds=60)
    return times


async def read(database: PostgresServer, query: str) -> list[Any]:
    connection = await asyncpg.connect(f"{database.url}/postgres")
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def test_every_answer_is_accounted_for_once_whatever_was_broken(
    stage: Stage, upstreams: list[KillableProvider], capsys: pytest.CaptureFixture[str]
) -> None:
    three, key, seen, enough = stage.three, stage.key, Seen(), asyncio.Event()
    clients = [asyncio.create_task(ask_on(three.urls[n % 3], key, n, seen, enough)) for n in range(AT_ONCE)]
    times = await asyncio.to_thread(break_all, stage)
    enough.set()
    await asyncio.gather(*clients)

    assert set(seen.statuses) <= {"200", "RemoteProtocolError", "ReadError", "ConnectError"}, seen.refusals[:3]
    assert len(seen.answered) > 300, seen.statuses

    columns = "id, request_id, at, status, error, cache, model, attempts, cost_nano_usd"
    facts: list[Any] = []
    for _ in range(60):
        facts = await read(stage.database, f"SELECT {columns} FROM usage WHERE NOT refused")
        if seen.answered.keys() <= {fact["request_id"] for fact in facts}:
            break
        await asyncio.sleep(1)
    await asyncio.sleep(2)  # whatever would come twice has come
    facts = await read(stage.database, f"SELECT {columns} FROM usage WHERE NOT refused")
    by_request = Counter(fact["request_id"] for fact in facts)
    assert seen.answered.keys() - by_request.keys() == set(), "an answer is unaccounted for"
    assert [request for request, count in by_request.items() if count > 1] == []

    whole = [fact for fact in facts if fact["status"] == 200 and fact["error"] is None]
    assert len(seen.answered) <= len(whole) <= len(seen.answered) + seen.cut
    charged = [fact for fact in whole if fact["cache"] != "hit"]
    assert {fact["cost_nano_usd"] for fact in charged} == {COST_NANO_USD}
    assert {fact["cost_nano_usd"] for fact in facts if fact["cache"] == "hit"} == {0}

    calls = Counter(call for each in upstreams for call in each.calls)
    asked = {seen.answered[fact["request_id"]] for fact in charged if fact["request_id"] in seen.answered}
    assert asked <= calls.keys(), "nobody pays for what no provider was asked"
    assert len(charged) <= calls.total() <= sum(fact["attempts"] for fact in facts) + seen.cut

    def spent() -> int:
        told = three.administer("GET", "/api/budgets").json()["data"]
        return next(each["used_nano_usd"] for each in told if each["name"] == "much")

    total = sum(fact["cost_nano_usd"] or 0 for fact in facts)
    wait_until(lambda: spent() == total, "the budget is spent by what the facts cost")
    assert three.counted("chaos") == len(facts)
    await nobody_was_held(stage.database, times, {fact["id"]: fact["at"] / 1000 for fact in facts}, capsys)


async def nobody_was_held(
    database: PostgresServer,
    times: dict[str, tuple[float, float]],
    ended: dict[str, float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the gateways' own account of each request: how long it was with them, without its body's and its upstream's time."""
    quiet, by_break = list[float](), {name: list[float]() for name in times}
    for row in await read(database, "SELECT id, record FROM traces"):
        if row["id"] not in ended:
            continue
        spans = spans_of(decision_of(row["record"]))
        here_ms = sum(each.end_us - each.start_us for each in spans if each.stage not in ("receive", "upstream")) / 1000
        began = ended[row["id"]]
        found = next((name for name, (start, end) in times.items() if start <= began <= end), None)
        (quiet if found is None else by_break[found]).append(here_ms)
    calm = sum(each > HELD_MS for each in quiet) <= 0.01 * len(quiet)
    most_ms = HELD_MS if calm else 500 * BROKEN_S  # on a busy one: who waits for what is dead, waits until it is mended
    with capsys.disabled():
        print(
            f"\n  in the gateway, ms: quiet {_told(quiet)}",
            *(f"{name} {_told(each)}" for name, each in by_break.items()),
            sep="\n    ",
        )
    for name, each in by_break.items():
        held = sum(one > most_ms for one in each)
        may = next(one.held for one in BREAKS if one.name == name)
        assert held <= may + 0.01 * len(each), f"{name}: {held} of {len(each)} were held for more than {most_ms:g} ms"


def _told(each: list[float]) -> str:
    each = sorted(each)
    if not each:
        return "none"
    over = sum(one > HELD_MS for one in each)
    return f"n {len(each)}, median {each[len(each) // 2]:.2f}, most {each[-1]:.1f}, over {HELD_MS}: {over}"
