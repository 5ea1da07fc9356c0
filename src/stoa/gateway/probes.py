"""The health checks of a gateway: which providers the present plan wants asked, and how one is asked."""

import asyncio
from collections.abc import Callable, Mapping

from stoa.domain.resources import Provider
from stoa.domain.upstream import Endpoint, Failure, Headers
from stoa.errors import ProviderError
from stoa.gateway.plan import Plan
from stoa.gateway.routing.health import HealthChecks
from stoa.gateway.routing.state import TargetStates


class Probes:
    """`follow` is to be told of every plan; `run` checks until it is cancelled. What is found goes into `states`."""

    def __init__(self, states: TargetStates, *, draw: Callable[[], float]) -> None:
        self._endpoints: Mapping[str, Endpoint] = {}
        self._checks = HealthChecks(self._ask, states, draw=draw)

    def follow(self, plan: Plan) -> None:
        self._endpoints = plan.health
        self._checks.reconfigure(plan.providers[name] for name in plan.health)

    async def run(self) -> None:
        await self._checks.run()

    async def _ask(self, provider: Provider) -> int:
        answer = _Status(provider.name)
        call = self._endpoints[provider.name].post(b"", answer)
        try:
            return await answer.status
        finally:
            call.cancel()


class _Status:
    """Implements `domain.upstream.Receiver`. The answer is waited for whole, so that its connection can be used again."""

    def __init__(self, provider: str) -> None:
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._provider = provider
        self._told = 0

    def on_head(self, status: int, headers: Headers) -> None:
        del headers
        self._told = status

    def on_body(self, data: bytes) -> None: ...

    def on_end(self) -> None:
        if not self.status.done():
            self.status.set_result(self._told)

    def on_failure(self, failure: Failure) -> None:
        if not self.status.done():
            self.status.set_exception(ProviderError(f"{self._provider} does not answer: {failure.message}"))

    def on_upload_pause(self) -> None: ...

    def on_upload_resume(self) -> None: ...
