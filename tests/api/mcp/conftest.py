"""Control with `/mcp` on a socket, since answers stream; the protocol's own client; and one that does what it likes."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from tests.api.company import Company

from stoa.api.mcp import watching

Connect = Callable[..., AbstractAsyncContextManager[Client]]
Message = dict[str, Any]  # Any: JSON


class Raw:
    """A session of a client that sends what a test likes."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._calls = 0
        self.headers = {"accept": "application/json, text/event-stream"}

    async def begin(self, **capabilities: object) -> httpx.Response:
        params = {
            "protocolVersion": "2025-06-18", "capabilities": capabilities, "clientInfo": {"name": "raw", "version": "1"},
        }  # fmt: skip
        answer = await self.post({"id": 0, "method": "initialize", "params": params})
        self.headers["mcp-session-id"] = answer.headers["mcp-session-id"]
        await self.post({"method": "notifications/initialized"})
        return answer

    async def post(self, message: Message) -> httpx.Response:
        return await self._http.post("/mcp", json={"jsonrpc": "2.0", **message}, headers=self.headers)

    async def end(self) -> httpx.Response:
        return await self._http.delete("/mcp", headers=self.headers)

    async def get(self, headers: dict[str, str]) -> httpx.Response:
        return await self._http.get("/mcp", headers=self.headers | headers)

    @asynccontextmanager
    async def events(self, headers: dict[str, str] | None = None) -> AsyncGenerator[AsyncIterator[tuple[str, Message]]]:
        """Id and message of what comes on the session's own stream."""
        async with self._http.stream("GET", "/mcp", headers=self.headers | (headers or {})) as response:
            assert response.status_code == 200, (await response.aread(), response.status_code)
            yield _with_ids(response.aiter_lines())

    @asynccontextmanager
    async def stream(self, message: Message | None) -> AsyncGenerator[AsyncIterator[Message]]:
        """The messages that come in answer to one, or without one on the session's own stream."""
        body = None if message is None else {"jsonrpc": "2.0", **message}
        method = "GET" if message is None else "POST"
        async with self._http.stream(method, "/mcp", json=body, headers=self.headers) as response:
            assert response.status_code == 200, (await response.aread(), response.status_code)
            yield (message async for _, message in _with_ids(response.aiter_lines()))

    async def called(self, name: str, arguments: Message, answer: Callable[[Message], Message | None]) -> Message:
        """Call a tool, and answer what it asks with what `answer` makes of the question. Gives the tool's result."""
        self._calls += 1
        call = {"id": f"call-{self._calls}", "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        async with self.stream(call) as messages:
            async for message in messages:
                if "method" not in message:
                    return message
                if "id" in message and (reply := answer(message)) is not None:
                    sent = await self.post(reply)
                    assert sent.status_code in (202, 400), sent.text
        raise AssertionError("the stream ended without an answer")


async def _with_ids(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, Message]]:
    last = ""
    async for line in lines:
        if line.startswith("id:"):
            last = line[3:].strip()
        elif line.startswith("data:") and line[5:].strip():
            yield last, json.loads(line[5:])


@pytest.fixture
async def url(company: Company, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr(watching, "REST_S", 0.02)
    server = uvicorn.Server(uvicorn.Config(company.running.app, lifespan="off", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        await company.running.app.state.mcp.close()
        server.should_exit = True
        await serving


@pytest.fixture
async def keys(company: Company) -> dict[str, str]:
    """Keys that Hana, of hr, made for two applications: one for hr, and one for the whole team."""
    made = {}
    for name, groups in (("hr", ["hr"]), ("team", [])):
        answer = await company.hana.post("/api/keys", json={"name": name, "groups": groups})
        made[name] = answer.json()["key"]
    return made


@pytest.fixture
def connect(url: str) -> Connect:
    """The protocol's own client, with a key and what else it is told."""

    @asynccontextmanager
    async def opened(key: str, **options: Any) -> AsyncGenerator[Client]:  # Any: arguments of the client
        headers = {"authorization": f"Bearer {key}"}
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http), **options) as client,
        ):
            yield client

    return opened


@pytest.fixture
def raw(url: str) -> Callable[[str], AbstractAsyncContextManager[Raw]]:
    @asynccontextmanager
    async def opened(key: str) -> AsyncGenerator[Raw]:
        headers = {"authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30) as http:
            yield Raw(http)

    return opened
