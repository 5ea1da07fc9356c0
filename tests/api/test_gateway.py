"""The gateway on real sockets, between a client as people use it and a scripted provider."""

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import openai
import pytest
import uvloop

from stoa.adapters.providers.http import HttpUpstreams
from stoa.adapters.providers.table import ProviderTable
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.adapters.vocabularies.memory import MemoryTokenizers
from stoa.adapters.wal.memory import MemoryLog
from stoa.api.wire.handlers import HandlerApplication
from stoa.api.wire.limits import Limits
from stoa.api.wire.messages import Request, Response
from stoa.api.wire.server import Server
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Model, Provider
from stoa.domain.snapshot import Access, Caller, Snapshot
from stoa.domain.upstream import OriginLimits
from stoa.domain.usage import UsageFact
from stoa.gateway.pipeline import Gateway
from stoa.gateway.ports import Ports
from stoa.settings import GatewaySettings

pytestmark = pytest.mark.slow
RECORDED = 20 << 20
"""Bytes of a long recording."""
KEY = "sk-stoa-" + "a" * 43


def pytest_asyncio_loop_factories(config: Any, item: Any) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    del config, item
    return {"uvloop": uvloop.new_event_loop}


class PlainSecrets:
    def open(self, sealed: str) -> str:
        return sealed


@dataclass
class Provided:
    """A provider and a control role that answer as the test says."""

    pieces: int = 3
    piece: str = "word "
    pause_s: float = 0.0
    given: int = 0
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    uploaded: int = 0

    async def handle(self, request: Request) -> Response:
        if request.path == "/v1/chat/completions":
            body = json.loads(request.body)
            if body.get("stream"):
                return Response(200, self._stream(body), {"content-type": "text/event-stream"})
            return Response(200, json.dumps(self._whole()).encode(), {"content-type": "application/json"})
        if request.path == "/v1/embeddings":
            data = {"object": "list", "model": "e", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}]}
            return Response(200, json.dumps(data | {"usage": {"prompt_tokens": 2, "total_tokens": 2}}).encode())
        self.uploaded = len(request.body)
        if request.path == "/v1/audio/transcriptions":
            heard = {"text": hashlib.sha256(request.body.partition(b"RIFF")[2][:RECORDED]).hexdigest()}
            return Response(200, json.dumps(heard).encode(), {"content-type": "application/json"})
        if request.path == "/v1/audio/speech":
            return Response(200, self._sound(), {"content-type": "audio/mpeg"})
        return Response(200, b"from control")

    async def _sound(self) -> AsyncIterator[bytes]:
        try:
            for _ in range(self.pieces):
                self.given += 1
                yield bytes(range(256))
                await asyncio.sleep(self.pause_s)
        finally:
            self.stopped.set()

    def _whole(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.piece * self.pieces}
        return {
            "id": "c", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 3, "total_tokens": 4},
        }  # fmt: skip

    async def _stream(self, body: Any) -> AsyncIterator[bytes]:
        def event(**fields: Any) -> bytes:
            head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}
            return b"data: " + json.dumps(head | fields).encode() + b"\n\n"

        try:
            for _ in range(self.pieces):
                self.given += 1
                yield event(choices=[{"index": 0, "delta": {"content": self.piece}, "finish_reason": None}])
                await asyncio.sleep(self.pause_s)
            yield event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
            if (body.get("stream_options") or {}).get("include_usage"):
                yield event(usage={"prompt_tokens": 1, "completion_tokens": self.pieces, "total_tokens": 1 + self.pieces})
            yield b"data: [DONE]\n\n"
        finally:
            self.stopped.set()


@dataclass
class Running:
    url: str
    port: int
    provided: Provided
    log: MemoryLog

    @property
    def facts(self) -> list[UsageFact]:
        return self.log.facts


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    provided, log, upstreams = Provided(), MemoryLog(), HttpUpstreams()
    behind, before = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    provider = f"http://127.0.0.1:{behind.getsockname()[1]}"
    ports = Ports(
        providers=ProviderTable(upstreams),
        control=upstreams.origin(provider, OriginLimits()),
        unsealer=PlainSecrets(),
        log=log,
        behalf_key=b"",
        retriever=lambda embedder_of, index_of: None,  # type: ignore[arg-type, return-value]
        passages=MemoryIndex(),
        rewrite=lambda question, history: question,
        decompose=lambda question: [question],
        tokenizers=MemoryTokenizers(),
    )
    gateway = Gateway(ports, GatewaySettings())
    names = frozenset({"mock", "embed"})
    gateway.swap(
        Snapshot(
            version=1,
            made_at_ms=0,
            price_version="1",
            users={},
            services={},
            teams={},
            routes={},
            assistants={},
            keys={hashlib.sha256(KEY.encode()).hexdigest(): Caller("k", "app", "company", frozenset(), 0)},
            access=(Access(True, names, names, frozenset({"hear", "say"})),),
            collections={},
            corpus={},
            providers={"p": Provider(name="p", base_url=f"{provider}/v1")},
            models={
                "mock": Model(name="mock", provider="p"),
                "embed": Model(name="embed", provider="p", operation="embedding"),
                "hear": Model(name="hear", provider="p", upstream_name="whisper-1", operation="transcription"),
                "say": Model(name="say", provider="p", operation="speech"),
            },
            prices={"mock": ModelPrice(1.0, 1.0)},
        )
    )
    servers = [
        Server(gateway, Limits(drain_s=0.1)),
        Server(HandlerApplication(provided.handle, 300_000_000), Limits(drain_s=0.1)),
    ]
    for server, listening in zip(servers, (before, behind), strict=True):
        await server.listen([listening])
    port = before.getsockname()[1]
    yield Running(f"http://127.0.0.1:{port}", port, provided, log)
    for server in servers:
        await server.drain()
    upstreams.close()
    await asyncio.sleep(0.01)


@pytest.fixture
async def client(running: Running) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{running.url}/v1", api_key=KEY, max_retries=0) as made:
        yield made


MESSAGES: Any = [{"role": "user", "content": "hi"}]


async def test_the_openai_client_works_unchanged(running: Running, client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="mock", messages=MESSAGES)
    assert answer.choices[0].message.content == "word word word "
    assert answer.usage is not None
    assert answer.usage.total_tokens == 4
    assert {model.id async for model in client.models.list()} == {"mock", "embed", "hear", "say"}
    assert (await client.models.retrieve("mock")).id == "mock"
    vectors = await client.embeddings.create(model="embed", input="hi", encoding_format="float")
    assert vectors.data[0].embedding == [0.5, 0.25]
    assert [fact.operation for fact in running.facts] == ["chat", "embedding"]


async def test_a_long_recording_reaches_the_provider_whole(running: Running, client: openai.AsyncOpenAI) -> None:
    sound = (bytes(range(256)) * 4096 * 20)[:RECORDED]
    heard = await client.audio.transcriptions.create(model="hear", file=("talk.wav", b"RIFF" + sound))
    assert heard.text == hashlib.sha256(sound).hexdigest()
    with pytest.raises(openai.APIStatusError) as refused:
        await client.audio.transcriptions.create(model="hear", file=("talk.wav", sound * 4))
    assert refused.value.status_code == 413
    with pytest.raises(openai.APIStatusError) as json_refused:
        await client.audio.speech.create(model="say", voice="alloy", input="x" * RECORDED)
    assert json_refused.value.status_code == 413


async def test_sound_is_heard_before_it_ends_and_stops_when_nobody_listens(
    running: Running, client: openai.AsyncOpenAI
) -> None:
    running.provided.pieces, running.provided.pause_s = 10_000, 0.01
    speaking = client.audio.speech.with_streaming_response
    async with speaking.create(model="say", voice="alloy", input="Good day.") as response:
        assert response.headers["content-type"] == "audio/mpeg"
        async for piece in response.iter_bytes():
            assert piece.startswith(bytes(range(16)))
            break
    await asyncio.wait_for(running.provided.stopped.wait(), 10)
    assert running.provided.given < 10_000


@pytest.mark.parametrize("usage", [False, True])
async def test_the_openai_client_streams_unchanged(running: Running, client: openai.AsyncOpenAI, usage: bool) -> None:
    options: Any = {"stream_options": {"include_usage": True}} if usage else {}
    stream = await client.chat.completions.create(model="mock", messages=MESSAGES, stream=True, **options)
    chunks = [chunk async for chunk in stream]
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "word word word "
    assert [c.usage.total_tokens for c in chunks if c.usage] == ([4] if usage else [])
    assert running.facts[0].completion_tokens == 3


async def test_errors_are_those_the_openai_client_knows(running: Running, client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="There is no model 'nope'"):
        await client.chat.completions.create(model="nope", messages=MESSAGES)
    with pytest.raises(openai.BadRequestError, match="'messages'"):
        await client.chat.completions.create(model="mock", messages=[])
    with pytest.raises(openai.AuthenticationError, match="not known"):
        await client.with_options(api_key="sk-stoa-wrong").chat.completions.create(model="mock", messages=MESSAGES)


async def _raw(running: Running, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(request)
    return reader, writer


def _post(body: bytes, path: str = "/v1/chat/completions") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def test_a_client_that_goes_away_stops_the_provider(running: Running) -> None:
    running.provided.pieces, running.provided.pause_s = 10_000, 0.01
    reader, writer = await _raw(running, _post(json.dumps({"model": "mock", "messages": MESSAGES, "stream": True}).encode()))
    await reader.readuntil(b"word")
    writer.close()
    await asyncio.wait_for(running.provided.stopped.wait(), 5)
    await asyncio.sleep(0.05)
    assert [(fact.status, fact.error) for fact in running.facts] == [(499, "client_gone")]


async def test_a_slow_reader_of_a_huge_stream_keeps_memory_bounded(running: Running) -> None:
    running.provided.pieces, running.provided.piece = 3000, "x" * 20_000
    reader, writer = await _raw(running, _post(json.dumps({"model": "mock", "messages": MESSAGES, "stream": True}).encode()))
    before = -1
    while before != running.provided.given:
        before = running.provided.given
        await asyncio.sleep(0.2)
    assert before < 1500, "60 MB are on their way to a client that reads nothing"
    data = bytearray()
    while not data.endswith(b"0\r\n\r\n"):
        data += await reader.read(1 << 20)
    assert data.count(b"x" * 20_000) == 3000
    assert b"data: [DONE]" in data
    writer.close()


async def test_uploads_pass_to_control_without_being_held(running: Running) -> None:
    body = b"x" * 30_000_000
    reader, writer = await _raw(running, _post(body, "/api/upload"))
    answer = await asyncio.wait_for(reader.readuntil(b"from control"), 20)
    assert answer.startswith(b"HTTP/1.1 200")
    assert running.provided.uploaded == len(body)
    writer.close()


async def test_an_oversized_body_is_refused_before_it_is_read(running: Running) -> None:
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-length: 99999999\r\n\r\n"
    reader, writer = await _raw(running, head.encode())
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(b"HTTP/1.1 413")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "too_large"
    writer.close()


HOSTILE = {
    "another host": b"POST /v1/chat/completions HTTP/1.1\r\nhost: %b\r\n",
    "an absolute target": b"POST http://%b/v1/chat/completions HTTP/1.1\r\nhost: a\r\n",
    "an absolute target with credentials": b"POST http://user:pass@%b/v1/chat/completions HTTP/1.1\r\nhost: a\r\n",
    "a forwarded host": b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nx-forwarded-host: %b\r\nforwarded: host=%b\r\n",
    "a custom host": b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nx-portkey-custom-host: http://%b/v1\r\n",
    "a provider": b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nx-portkey-provider: openai\r\nx-target-url: http://%b\r\n",
    "a rewritten path": b"POST /v1/chat/completions?base_url=http://%b HTTP/1.1\r\nhost: a\r\nx-original-url: http://%b/\r\n",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_nothing_of_a_request_chooses_where_it_goes(running: Running, name: str) -> None:
    called: list[str] = []

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.append(name)
        writer.close()

    server = await asyncio.start_server(elsewhere, "127.0.0.1", 0)
    place = b"127.0.0.1:%d" % server.sockets[0].getsockname()[1]
    fields = {"api_base": f"http://{place.decode()}", "base_url": f"http://{place.decode()}", "temperature": 1}
    body = json.dumps({"model": "mock", "messages": MESSAGES, **fields}).encode()
    rest = b"authorization: Bearer %b\r\ncontent-length: %d\r\n\r\n%b" % (KEY.encode(), len(body), body)
    reader, writer = await _raw(running, HOSTILE[name].replace(b"%b", place) + rest)
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    if answer.startswith(b"HTTP/1.1 200"):
        assert b"word word word" in await asyncio.wait_for(reader.readuntil(b"word word word"), 5)
    else:
        assert answer.startswith(b"HTTP/1.1 400"), answer
    assert called == []
    writer.close()
    server.close()


async def test_many_at_once_each_get_their_own(running: Running, client: openai.AsyncOpenAI) -> None:
    async def one(number: int) -> bool:
        raw = await client.chat.completions.with_raw_response.create(
            model="mock", messages=MESSAGES, temperature=1, extra_headers={"x-request-id": f"r{number}"}
        )
        return raw.headers["x-request-id"] == f"r{number}"

    assert all(await asyncio.gather(*(one(number) for number in range(200))))
    assert len({fact.request_id for fact in running.facts}) == 200
