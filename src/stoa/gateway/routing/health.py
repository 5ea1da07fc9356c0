"""Active health checks: each provider with `health` is asked regularly whether it is there.

Two bad answers in a row make its targets unhealthy, one good one makes them healthy again. Good is every status under 500
except 401 and 403. What was found outlives a change of configuration; a provider that is no longer checked counts as healthy.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from stoa.domain.resources import Provider
from stoa.errors import StoaError
from stoa.gateway.routing.state import TargetStates

log = logging.getLogger("stoa.gateway")

Ask = Callable[[Provider], Awaitable[int]]
"""The status of the answer at the provider's `health.path`. Raises StoaError when there was none."""

BAD_IN_A_ROW = 2
MOST_WAIT_S = 5.0
"""For one answer."""
_JITTER = 0.2


class HealthChecks:
    """`run` checks until it is cancelled; `reconfigure` may be called at any time, before it too."""

    def __init__(
        self,
        ask: Ask,
        states: TargetStates,
        *,
        draw: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ask = ask
        self._states = states
        self._draw = draw
        self._sleep = sleep
        self._wanted: dict[str, Provider] = {}
        self._bad: dict[str, int] = {}
        self._changed = asyncio.Event()

    def reconfigure(self, providers: Iterable[Provider]) -> None:
        """These are the providers now. One that is checked as before goes on without a break."""
        wanted = {provider.name: provider for provider in providers if provider.health is not None}
        for name in self._bad.keys() - wanted.keys():
            del self._bad[name]
            self._states.provider_is(name, healthy=True, note="")
        self._wanted = wanted
        self._changed.set()

    async def run(self) -> None:
        running: dict[str, tuple[Provider, asyncio.Task[None]]] = {}
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._changed.clear()
                for name, (provider, task) in list(running.items()):
                    if self._wanted.get(name) != provider:
                        task.cancel()
                        del running[name]
                for name, provider in self._wanted.items():
                    if name not in running:
                        running[name] = (provider, tasks.create_task(self._check(provider), name=f"health of {name}"))
                await self._changed.wait()

    async def _check(self, provider: Provider) -> None:
        health = provider.health
        if health is None:
            return
        await self._sleep(health.every_s * self._draw())  # not all at once after a start
        while True:
            self._found(provider.name, await self._fault(provider))
            await self._sleep(health.every_s * (1 + _JITTER * (2 * self._draw() - 1)))

    async def _fault(self, provider: Provider) -> str | None:
        try:
            async with asyncio.timeout(MOST_WAIT_S):
                status = await self._ask(provider)
        except TimeoutError:
            return f"no answer within {MOST_WAIT_S:.0f} s"
        except StoaError as error:
            return error.message
        except Exception:
            log.exception("the health check of provider %s could not be made", provider.name)
            return "the check could not be made; the log says why"
        return f"it answered {status}" if status >= 500 or status in (401, 403) else None

    def _found(self, name: str, fault: str | None) -> None:
        bad = self._bad.get(name, 0)
        if fault is None:
            self._bad[name] = 0
            if bad >= BAD_IN_A_ROW:
                log.warning("provider %s is healthy again", name)
                self._states.provider_is(name, healthy=True, note="")
            return
        self._bad[name] = bad + 1
        if bad + 1 >= BAD_IN_A_ROW:
            if bad + 1 == BAD_IN_A_ROW:
                log.warning("provider %s is unhealthy: %s", name, fault)
            self._states.provider_is(name, healthy=False, note=fault)
