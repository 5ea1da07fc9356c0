"""Killed with SIGKILL at random moments under load, the gateway leaves every answered request's fact, exactly once."""

import asyncio
import hashlib
import itertools
import json
import os
import random
import signal
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoa.adapters.processes.runfile import RoleEntry, Roles, write_roles
from stoa.api.wire.limits import Limits
from stoa.api.wire.messages import Request, Response
from stoa.api.wire.server import serve
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Model, Provider
from stoa.domain.snapshot import Access, Caller, Snapshot
from stoa.domain.usage import UsageFact
from stoa.kit.home import Home

pytestmark = pytest.mark.slow
KEY = "sk-stoa-" + "a" * 43
ROUNDS = 6


class Around:
    """Control and the provider in one: hands out the snapshot, answers chats, takes usage and sometimes fails to."""

    def __init__(self, url: str) -> None:
        self.by_id: dict[str, UsageFact] = {}
        self.taken = asyncio.Event()
        self._random = random.Random(1)
        names = frozenset({"mock"})
        self._snapshot = Snapshot(
            version=1, made_at_ms=0, price_version="1", users={}, services={}, teams={}, routes={}, assistants={},
            keys={hashlib.sha256(KEY.encode()).hexdigest(): Caller("k", "app", "company", frozenset(), 0)},
            access=(Access(True, names, names),), collections={}, corpus={}, models={"mock": Model(name="mock", provider="p")},
            providers={"p": Provider(name="p", base_url=f"{url}/v1")}, prices={"mock": ModelPrice(1.0, 1.0)},
        )  # fmt: skip

    async def handle(self, request: Request) -> Response:
        match request.path:
            case "/internal/snapshot":
                if request.query:
                    await asyncio.sleep(5)
                    return Response(204, b"")
                return Response(200, msgspec.msgpack.encode(self._snapshot))
            case "/internal/usage":
                return self._take(request.body)
            case path if path.startswith("/internal/"):
                return Response(204, b"")  # how targets are, and what else is told and not asked for here
            case _:
                return self._chat(json.loads(request.body))

    def _take(self, body: bytes) -> Response:
        facts = msgspec.msgpack.decode(body, type=list[UsageFact])
        if self._random.random() < 0.2:
            return Response(500, b"the database is away")
        for fact in facts:
            self.by_id.setdefault(fact.id, fact)
        self.taken.set()
        if self._random.random() < 0.2:
            return Response(500, b"the answer was lost")
        return Response(200, msgspec.msgpack.encode({"spent": []}))

    def _chat(self, body: Any) -> Response:
        usage = {"prompt_tokens": 1, "completion_tokens": 1}
        if body.get("stream"):
            events = [
                {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}]},
                {"choices": [], "usage": usage},
            ]
            data = b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"
            return Response(200, data, {"content-type": "text/event-stream"})
        return Response(200, json.dumps({"choices": [], "usage": usage}).encode(), {"content-type": "application/json"})


async def _client(port: int, name: str, answered: set[str]) -> None:
    """Ask without a pause; note what was answered to its last byte."""
    numbers = itertools.count()
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                while True:
                    number = next(numbers)
                    await _ask(reader, writer, f"{name}-{number}", streamed=number % 2 == 0)
                    answered.add(f"{name}-{number}")
            finally:
                writer.close()
        except (ConnectionError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.02)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request_id: str, *, streamed: bool) -> None:
    fields = {"model": "mock", "messages": [{"role": "user", "content": "hi"}], "temperature": 1, "stream": streamed}
    body = json.dumps(fields).encode()
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer %b\r\nx-request-id: %b\r\n"
        b"content-length: %d\r\n\r\n%b" % (KEY.encode(), request_id.encode(), len(body), body)
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head:
        raise ConnectionError(head)
    if streamed:
        assert (await reader.readuntil(b"0\r\n\r\n")).endswith(b"[DONE]\n\n\r\n0\r\n\r\n")
    else:
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))


async def _start(home: Path, listener: socket.socket) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "stoa", "--home", str(home), "gateway", "--fd", str(listener.fileno())]
    return await asyncio.create_subprocess_exec(
        *command, pass_fds=(listener.fileno(),), stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )


async def test_every_answered_request_is_there_exactly_once_whenever_the_gateway_is_killed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    behind, listener = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    url, port = f"http://127.0.0.1:{behind.getsockname()[1]}", listener.getsockname()[1]
    entry = RoleEntry(url=url)
    write_roles(home, Roles(supervisor=os.getpid(), gateway=entry, control=entry, worker=entry, engine=entry))
    around, stop, chance, answered = Around(url), asyncio.Event(), random.Random(7), set[str]()
    serving = asyncio.create_task(serve(around.handle, sockets=[behind], limits=Limits(drain_s=0.1), stop=stop))
    clients = [asyncio.create_task(_client(port, f"c{number}", answered)) for number in range(8)]
    for _ in range(ROUNDS):
        before = len(answered)
        gateway = await _start(home.path, listener)
        while len(answered) < before + 50:
            assert gateway.returncode is None, "the gateway ended by itself"
            await asyncio.sleep(0.01)
        await asyncio.sleep(chance.uniform(0, 0.7))
        gateway.send_signal(signal.SIGKILL)
        await gateway.wait()
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)

    gateway = await _start(home.path, listener)  # the last one ships what the others left behind
    shipped = Counter[str]()
    async with asyncio.timeout(60):
        while answered - set(shipped):
            around.taken.clear()
            await around.taken.wait()
            shipped = Counter(fact.request_id for fact in around.by_id.values())
    gateway.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(gateway.wait(), 30) == 0
    stop.set()
    await serving
    assert answered - set(shipped) == set()
    assert [request_id for request_id, times in shipped.items() if times > 1] == []
    assert len(answered) > ROUNDS * 50
    listener.close()
