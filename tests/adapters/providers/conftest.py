"""An upstream on a real socket that answers raw bytes as the test says."""

import asyncio
import contextlib
import importlib
import importlib.util
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
import uvloop
from tests.adapters.providers.scripted import ScriptedUpstream

from stoa.adapters.providers.http import HttpUpstreams
from stoa.adapters.providers.table import ProviderTable
from stoa.domain.upstream import Failure, Headers

collect_ignore = [
    file
    for package, file in (("litellm", "test_litellm_sdk.py"), ("botocore", "test_botocore.py"))
    if importlib.util.find_spec(package) is None
]
"""These packages want other versions than Stoa pins: `tests/conformance/test_sdks.py` runs their tests where they are."""

if importlib.util.find_spec("litellm") is not None:
    with warnings.catch_warnings(action="ignore"):  # its own
        importlib.import_module("litellm")  # takes seconds, which no request of a test should wait for

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def pytest_asyncio_loop_factories(config: Any, item: Any) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    del config, item
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is silent for too long is found out soon: these tests wait for nothing else."""
    monkeypatch.setattr("stoa.adapters.providers.http._TICK_S", 0.02)


class Recorder:
    """A receiver that notes what it is told."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: Headers = ()
        self.body = bytearray()
        self.failure: Failure | None = None
        self.over = asyncio.Event()
        self.began = asyncio.Event()
        self.uploads: list[str] = []
        self._upload_changed = asyncio.Event()

    def on_head(self, status: int, headers: Headers) -> None:
        self.status, self.headers = status, headers
        self.began.set()

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_end(self) -> None:
        assert not self.over.is_set()
        self.over.set()

    def on_failure(self, failure: Failure) -> None:
        assert not self.over.is_set()
        self.failure = failure
        self.over.set()

    def on_upload_pause(self) -> None:
        self.uploads.append("pause")
        self._upload_changed.set()

    def on_upload_resume(self) -> None:
        self.uploads.append("resume")
        self._upload_changed.set()

    async def uploaded(self, expected: list[str]) -> None:
        while self.uploads != expected:
            assert len(self.uploads) < len(expected), self.uploads
            await asyncio.wait_for(self._upload_changed.wait(), 10)
            self._upload_changed.clear()

    async def wait(self) -> "Recorder":
        await asyncio.wait_for(self.over.wait(), 10)
        return self


@pytest.fixture
async def upstreams() -> AsyncIterator[HttpUpstreams]:
    made = HttpUpstreams()
    yield made
    made.close()
    for _ in range(3):  # what was told to close is closed
        await asyncio.sleep(0)


@pytest.fixture
async def listen() -> AsyncIterator[Callable[[Behave], Awaitable[str]]]:
    """`await listen(behave)` gives the address of a server whose connections are each handled by `behave`."""
    async with contextlib.AsyncExitStack() as stack:
        tasks: set[asyncio.Task[None]] = set()

        async def begin(behave: Behave, **options: Any) -> str:
            async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = asyncio.current_task()
                assert task is not None
                tasks.add(task)
                with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    await behave(reader, writer)
                writer.close()

            server = await asyncio.start_server(handle, "127.0.0.1", 0, **options)
            stack.callback(server.close)
            return f"{'https' if options else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield begin
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def recorder() -> type[Recorder]:
    return Recorder


async def _read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length")]
    return head, await reader.readexactly(length[0]) if length else b""


@pytest.fixture
def read_request() -> Callable[[asyncio.StreamReader], Awaitable[tuple[bytes, bytes]]]:
    """Reads the head and the body of one request that has a length."""
    return _read_request


@pytest.fixture
async def scripted(listen: Callable[[Behave], Awaitable[str]]) -> ScriptedUpstream:
    upstream = ScriptedUpstream()
    upstream.url = await listen(upstream.behave)
    return upstream


@pytest.fixture
async def table(upstreams: HttpUpstreams) -> AsyncIterator[ProviderTable]:
    made = ProviderTable(upstreams)
    yield made
    made.close()
