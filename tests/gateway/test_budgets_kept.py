"""What is spent is known after a restart, and converges among gateways that share nothing but control."""

import time
from pathlib import Path
from typing import Any

import pytest
from tests.tables import with_tables

from stoa.adapters.database import Database
from stoa.adapters.database.desired import ResourceTable
from stoa.adapters.database.facts import FactRecords
from stoa.adapters.database.revision import advance
from stoa.adapters.wal.log import DiskLog
from stoa.adapters.wal.memory import MemoryLog
from stoa.domain.resources import Budget
from stoa.domain.usage import Told
from stoa.ledger.usage import record

BUDGETS = {
    "keys": Budget(name="keys", scope="key", per="day", time_zone="Europe/Berlin", limit_usd="0.00002"),
    "projects": Budget(name="projects", scope="project", per="week", limit_usd="0.00002"),
}
MESSAGES = [{"role": "user", "content": "hi"}]


async def ask(here: Any, **headers: str) -> Any:
    body = {"model": "mock", "messages": MESSAGES, "temperature": 1}
    return await here.ask("/v1/chat/completions", body, **headers)


async def test_after_a_restart_nothing_is_forgotten_of_any_budget(house, tmp_path: Path) -> None:
    """Half of it was told by control before, half lies in the log."""
    log = DiskLog(tmp_path)
    here = house(log=log, budgets=BUDGETS)
    assert (await ask(here, x_stoa_project="apollo")).status == 200
    batch = log.next_batch()
    assert batch is not None
    now = time.time_ns() // 1_000_000
    told = [Told(scope, name, period, here.gateway.ledger.window(period).at(now), 13_500)
            for scope, name, period in [("key", "app", "day Europe/Berlin"), ("project", "apollo", "week UTC")]]  # fmt: skip
    await log.shipped(batch.position, told=told, as_of_ms=now)
    assert (await ask(here, x_stoa_project="apollo")).status == 200
    log.close()
    again = DiskLog(tmp_path)
    anew = house(log=again, budgets=BUDGETS)
    reply = await ask(anew, x_stoa_project="apollo")
    assert (reply.status, reply.error["used"]) == (429, 27_000)
    other = house(log=MemoryLog(), budgets={"projects": BUDGETS["projects"]})
    assert (await ask(other, x_stoa_project="apollo")).status == 200, "one that knows nothing of it lets it pass"
    again.close()


@pytest.fixture
async def control(tmp_path: Path) -> Any:
    database = await with_tables(f"sqlite:///{tmp_path / 'stoa.sqlite'}")
    async with database.write() as connection:
        await advance(connection)
        for each in BUDGETS.values():
            await ResourceTable(connection).save(each, now_ms=1, by="t")
    yield database
    await database.close()


async def test_three_gateways_that_share_no_count_agree_on_a_budget_through_control(house, control: Database) -> None:
    import msgspec

    gateways = [house(log=MemoryLog(), budgets=BUDGETS) for _ in range(3)]

    async def ship() -> None:
        for here in [*gateways, *gateways]:  # the second time for what the later ones had delivered
            batch = here.log.next_batch()
            body = batch.facts if batch is not None else b"\x90"
            answer = await record(body, recorder=FactRecords(control), now_ms=time.time_ns() // 1_000_000)
            told = msgspec.msgpack.decode(answer, type=dict[str, list[Told]])["spent"]
            if batch is not None:
                await here.log.shipped(batch.position, told=told, as_of_ms=0)
            here.gateway.shipped(batch.position if batch is not None else 0, told)

    assert [(await ask(each, x_stoa_project="apollo")).status for each in gateways[:2]] == [200, 200]
    await ship()
    replies = [await ask(each, x_stoa_project="apollo") for each in gateways]
    assert [reply.status for reply in replies] == [429] * 3
    assert {reply.error["used"] for reply in replies} == {27_000}


async def test_a_budget_that_is_spent_does_not_refill_before_its_window_ends(house, make) -> None:
    """LESSONS: a budget built on a refilling rate never trips."""
    here = house(keys={make.key(): make.caller(budget=13_500, budget_period="hour UTC")})
    assert (await ask(here)).status == 200
    rule = here.gateway._plan.keys[bytes.fromhex(make.key())].rules[0]
    counter, now = here.gateway.counter, time.time_ns() // 1_000_000
    start = rule.window.at(now)
    for minute in range(0, 60, 7):
        at = start + minute * 60_000
        claim = rule.claim(1, at)
        assert counter.used(claim, at)[0] == 13_500
    after = rule.claim(1, rule.window.end)
    assert counter.used(after, after.starts_ms)[0] == 0
