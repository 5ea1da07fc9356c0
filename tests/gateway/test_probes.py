"""Active health checks of a gateway as it is wired, with upstreams and a control role on real sockets."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.gateway.conftest import KEY, Make, Reply
from tests.upstreams.served import Served, served

from stoa import wiring
from stoa.adapters.processes.runfile import RoleEntry, Roles, write_roles
from stoa.adapters.secrets import Secrets
from stoa.api.wire.handlers import HandlerApplication
from stoa.api.wire.limits import Limits
from stoa.api.wire.messages import Request, Response
from stoa.api.wire.server import Server
from stoa.domain.resources import HealthCheck, Model, Provider, Route, Target
from stoa.domain.snapshot import Access, Snapshot
from stoa.gateway.pipeline import Gateway
from stoa.settings import GatewaySettings, Settings

pytestmark = pytest.mark.slow
EVERY_S = 0.5


class Control:
    """The control role, as far as a gateway asks it: each new snapshot, and a place for usage."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.changed = asyncio.Event()

    def give(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.changed.set()

    async def handle(self, request: Request) -> Response:
        if request.path == "/internal/usage":
            return Response(200, msgspec.msgpack.encode({"spent": []}))
        after = int(request.query.removeprefix("after=") or 0)
        while self.snapshot is None or self.snapshot.version <= after:
            self.changed.clear()
            await self.changed.wait()
        return Response(200, msgspec.msgpack.encode(self.snapshot))


@contextlib.asynccontextmanager
async def opened(folder: Path, **gateway: Any) -> AsyncIterator[tuple[Gateway, Control, Secrets]]:
    """A gateway as its role opens it."""
    control, listening = Control(), socket.create_server(("127.0.0.1", 0))
    server = Server(HandlerApplication(control.handle, 10_000_000), Limits(drain_s=0.1))
    await server.listen([listening])
    settings = Settings(home=str(folder), gateway=GatewaySettings(**gateway))
    secrets = Secrets.load(settings.home_folder)
    own, nobody = RoleEntry(url=f"http://127.0.0.1:{listening.getsockname()[1]}"), RoleEntry(url="http://127.0.0.1:9")
    write_roles(settings.home_folder, Roles(supervisor=1, gateway=nobody, control=own, worker=nobody, engine=nobody))
    try:
        async with wiring.gateway(settings) as application:
            yield application, control, secrets
    finally:
        await server.drain()


def snapshot(secrets: Secrets, version: int, *upstreams: Served, health: HealthCheck | None) -> Snapshot:
    """A route over the upstreams, in this order."""
    names = [f"m{number}" for number in range(len(upstreams))]
    targets = tuple(Target(model=name) for name in names)
    return Make().snapshot(
        version=version,
        access=(Access(True, frozenset({"best", *names}), frozenset()),),
        providers={
            name: Provider(name=name, base_url=each.url, api_key=secrets.seal(f"sk-{name}"), health=health)
            for name, each in zip(names, upstreams, strict=True)
        },
        models={name: Model(name=name, provider=name) for name in names},
        prices={},
        routes={"best": Route(name="best", targets=targets, strategy="ordered", cache=False)},
        assistants={},
        collections={},
    )


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for happens in other tasks, at their own pace
            await asyncio.sleep(0.02)


async def ask(gateway: Gateway) -> Reply:
    body = json.dumps({"model": "best", "messages": [{"role": "user", "content": "hi"}]}).encode()
    reply = Reply(b"POST", b"/v1/chat/completions", {b"authorization": f"Bearer {KEY}".encode()})
    intake = gateway.accept(reply)
    intake.on_body(body)
    intake.on_end()
    return await reply.wait()


def healthy(gateway: Gateway) -> dict[str, bool]:
    return {report.model: report.healthy for report in gateway.reports()}


CHECK = HealthCheck(path="/up", every_s=EVERY_S)


async def test_a_provider_that_is_away_is_passed_over_before_a_request_finds_out(tmp_path: Path) -> None:
    async with served(answer="one") as one, served(answer="two") as two, opened(tmp_path) as (gateway, control, secrets):
        control.give(snapshot(secrets, 1, one, two, health=CHECK))
        await until(lambda: bool(one.checks) and bool(two.checks))
        assert (await ask(gateway)).named["x-stoa-model"] == "m0"
        assert one.checks[0].headers["authorization"] == "Bearer sk-m0", "it is asked as a request would be"

        one.health = one.status = 503
        await until(lambda: not healthy(gateway)["m0"])
        chats = one.chats
        assert (await ask(gateway)).named["x-stoa-model"] == "m1"
        assert one.chats == chats, "no request had to find out"
        assert gateway.reports()[0].health_note == "it answered 503"
        metrics = Reply(b"GET", b"/metrics", {})
        gateway.accept(metrics)
        assert b'stoa_target_healthy{model="m0",provider="m0"} 0' in metrics.body

        one.health = one.status = 200
        await until(lambda: healthy(gateway)["m0"])
        assert (await ask(gateway)).named["x-stoa-model"] == "m0"


async def test_checks_follow_the_snapshot(tmp_path: Path) -> None:
    async with served() as one, served() as two, opened(tmp_path) as (gateway, control, secrets):
        one.health = 500
        control.give(snapshot(secrets, 1, one, two, health=CHECK))
        await until(lambda: not healthy(gateway).get("m0", True))
        control.give(snapshot(secrets, 2, one, two, health=None))
        await until(lambda: healthy(gateway)["m0"])
        asked = len(one.checks) + len(two.checks)
        await asyncio.sleep(2.5 * EVERY_S)
        assert len(one.checks) + len(two.checks) <= asked + 2, "only what was under way came to its end"
        control.give(snapshot(secrets, 3, two, one, health=CHECK))
        await until(lambda: not healthy(gateway)["m1"])
        assert healthy(gateway)["m0"]


async def test_the_only_one_there_is_is_asked_whatever_its_check_says(tmp_path: Path) -> None:
    async with served(health=401) as one, opened(tmp_path) as (gateway, control, secrets):
        control.give(snapshot(secrets, 1, one, health=CHECK))
        await until(lambda: not healthy(gateway).get("m0", True))
        assert (await ask(gateway)).status == 200


async def test_an_address_that_may_not_be_called_is_not_called_by_a_check_either(tmp_path: Path) -> None:
    async with served() as one, opened(tmp_path, egress_allow=["192.0.2.0/24"]) as (gateway, control, secrets):
        control.give(snapshot(secrets, 1, one, health=CHECK))
        await until(lambda: not healthy(gateway).get("m0", True))
        assert one.asked == []
        assert "egress_allow" in gateway.reports()[0].health_note
