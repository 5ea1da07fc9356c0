import asyncio
from collections.abc import Sequence

from stoa.adapters.wal.memory import MemoryLog, MemorySink
from stoa.domain.usage import Told
from stoa.gateway.shipping import ship_forever


async def until(condition) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


async def test_facts_reach_control_and_its_spend_comes_back(house) -> None:
    here, sink = house(), MemorySink()
    told: list[tuple[int, Sequence[Told]]] = []
    task = asyncio.create_task(ship_forever(here.log, sink, lambda *news: told.append(news)))
    await until(lambda: told)
    assert told == [(0, [])], "the spend is asked for at once, with nothing to ship"
    for _ in range(3):
        await here.chat(temperature=1)
    await until(lambda: len(sink.facts) == 3 and told[-1][0] == 3)
    assert [(each.scope, each.subject, each.period, each.nano_usd) for each in told[-1][1]] == [
        ("team", "company", "month UTC", 3 * 13_500)
    ]
    assert here.log.backlog_bytes == 0
    task.cancel()
    await asyncio.wait([task])


async def test_while_control_is_away_facts_wait_and_then_each_comes_once(house) -> None:
    here, sink = house(), MemorySink()
    sink.away = True
    task = asyncio.create_task(ship_forever(here.log, sink, lambda *news: None))
    for _ in range(5):
        assert (await here.chat(temperature=1)).status == 200
    await asyncio.sleep(0.05)
    assert (len(sink.facts), here.log.backlog_bytes > 0) == (0, True)
    sink.away = False
    await until(lambda: len(sink.facts) == 5)
    task.cancel()
    await asyncio.wait([task])


async def test_an_error_nobody_thought_of_does_not_end_the_shipping() -> None:
    class Broken(MemorySink):
        calls = 0

        async def ship(self, facts: bytes) -> Sequence[Told]:
            self.calls += 1
            if self.calls == 1:
                raise ZeroDivisionError
            return await super().ship(facts)

    sink, told = Broken(), []
    task = asyncio.create_task(ship_forever(MemoryLog(), sink, lambda *news: told.append(news)))
    await until(lambda: told)
    task.cancel()
    await asyncio.wait([task])
