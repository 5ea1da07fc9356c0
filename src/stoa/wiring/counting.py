"""Where a gateway counts limits and budgets: in Redis with every replica, in a file with its machine's workers, or alone."""

from collections.abc import Callable, Coroutine
from platform import node
from typing import NamedTuple

from stoa.domain.counting import SharedCounter
from stoa.settings import Settings


class Counting(NamedTuple):
    """A count that is shared. `run` until cancelled, then `close` it. `failed_lately` as RedisCounter says."""

    counter: SharedCounter
    run: Callable[[], Coroutine[None, None, None]]
    close: Callable[[], Coroutine[None, None, None]]
    failed_lately: Callable[[], bool] = bool


async def open_counting(settings: Settings, *, worker: int, waited_s: Callable[[], float] = float) -> Counting | None:
    """None for a gateway that is alone; `waited_s` as RedisCounter says.

    Raises OperatorError where what is shared cannot be opened.
    """
    if settings.redis.url is not None:
        return await _in_redis(settings, worker, waited_s)
    if settings.gateway.workers > 1:
        from stoa.adapters.limits.machine import MachineCounter

        machine = MachineCounter.at(settings.home_folder.limits, worker=worker, workers=settings.gateway.workers)
        return Counting(machine, machine.run, machine.close)
    return None


async def _in_redis(settings: Settings, worker: int, waited_s: Callable[[], float]) -> Counting:
    from stoa.adapters.limits.replicas import RedisCounter
    from stoa.adapters.redis.client import open_redis

    client = open_redis(settings.redis)  # its own: what else is asked of Redis lets nobody wait here
    assert client is not None
    await client.open()
    counter = RedisCounter(client, timeout_s=settings.redis.timeout_s, name=f"{node()}-{worker}", waited_s=waited_s)

    async def close() -> None:
        await counter.close()
        await client.close()

    return Counting(counter, counter.run, close, counter.failed_lately)
