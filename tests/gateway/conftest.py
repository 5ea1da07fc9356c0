"""A gateway over the shipped fakes: scripted upstreams, a log in memory, and exchanges without a socket."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from tests.gateway.operating import OFFER

from stoa.adapters.providers.memory import EVENTS, JSON, MemoryUpstreams, Script, Scripted
from stoa.adapters.providers.table import ProviderTable
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.adapters.vocabularies.memory import MemoryTokenizers
from stoa.adapters.wal.memory import MemoryLog
from stoa.domain.exchange import Intake
from stoa.domain.identity import AccessTag
from stoa.domain.passages import Among, Passage, SearchMode
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Assistant, Collection, Model, Provider, Route, Target
from stoa.domain.snapshot import Access, Caller, Snapshot, TeamLimits
from stoa.domain.upstream import OriginLimits
from stoa.domain.usage import UsageFact
from stoa.gateway.pipeline import Gateway
from stoa.gateway.ports import Ports
from stoa.settings import GatewaySettings

KEY = "sk-stoa-" + "a" * 43
BEHALF_KEY = b"b" * 32
_HEADERS = ("key", "cache_control", "x_request_id", "traceparent", "tracestate")


class PlainSecrets:
    def open(self, sealed: str) -> str:
        return sealed.removeprefix("sealed:")


@dataclass
class Documents:
    """A retriever that gives what the test put into it, to those whose tags it is for."""

    passages: list[Passage] = field(default_factory=list[Passage])
    asked: list[tuple[str, Sequence[str], frozenset[AccessTag], str]] = field(default_factory=list[Any])
    embed_first: str | None = None
    embedder_of: Any = None

    async def retrieve(
        self,
        question: str,
        *,
        collections: Sequence[str],
        acl: frozenset[AccessTag],
        limit: int,
        on_behalf_of: str,
        mode: SearchMode = "hybrid",
        among: Mapping[str, Among] | None = None,
    ) -> Sequence[Passage]:
        self.asked.append((question, collections, acl, on_behalf_of))
        if self.embed_first is not None:
            await self.embedder_of(self.embed_first).embed([question], team=on_behalf_of)
        return self.passages[:limit]


@dataclass
class Reply:
    """An exchange that keeps what was answered."""

    method: bytes
    target: bytes
    headers: Mapping[bytes, bytes]
    peer: str = "127.0.0.1"
    scheme: str = "http"
    known: object | None = None
    status: int | None = None
    lines: bytes = b""
    body: bytes = b""
    pieces: list[bytes] = field(default_factory=list[bytes])
    aborted: bool = False
    began: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    intake: Intake | None = None

    def send(self, status: int, headers: bytes, body: bytes) -> None:
        assert self.status is None, "answered twice"
        self.status, self.lines, self.body = status, headers, body
        self.over.set()

    def start(self, status: int, headers: bytes, length: int | None = None, body: bytes = b"") -> None:
        assert self.status is None, "answered twice"
        self.status, self.lines = status, headers
        if body:
            self.write(body)
        self.began.set()

    def write(self, data: bytes) -> None:
        assert not self.over.is_set(), "written after the end"
        self.pieces.append(data)
        self.body += data

    def finish(self, body: bytes = b"") -> None:
        if body:
            self.write(body)
        self.over.set()

    def abort(self) -> None:
        self.aborted = True
        self.over.set()

    def pause_body(self) -> None: ...

    def resume_body(self) -> None: ...

    async def wait(self) -> "Reply":
        await asyncio.wait_for(self.over.wait(), 5)
        return self

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        return self.json["error"]

    @property
    def named(self) -> dict[str, str]:
        return dict(line.split(": ", 1) for line in self.lines.decode().split("\r\n") if line)

    @property
    def events(self) -> list[Any]:
        """The data of each event; the terminal one as the text it is."""
        found = [event.removeprefix(b"data: ") for event in self.body.split(b"\n\n") if event]
        return [event.decode() if event == b"[DONE]" else json.loads(event) for event in found]


@dataclass
class House:
    """A gateway and everything around it."""

    gateway: Gateway
    upstreams: MemoryUpstreams
    log: MemoryLog
    documents: Documents

    @property
    def facts(self) -> list[UsageFact]:
        """Of requests that were not refused before a model was asked."""
        return [fact for fact in self.log.facts if not fact.refused]

    @property
    def refusals(self) -> list[UsageFact]:
        return [fact for fact in self.log.facts if fact.refused]

    def begin(
        self,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        key: str | None = KEY,
        peer: str = "127.0.0.1",
        ended: bool = True,
        known: object | None = None,
        **headers: str,
    ) -> Reply:
        sent = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        if key is not None:
            sent[b"authorization"] = f"Bearer {key}".encode()
        reply = Reply(method.encode(), path.encode(), sent, peer, known=known)
        reply.intake = self.gateway.accept(reply)
        if reply.status is None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
            for at in range(0, len(data), 1000):
                reply.intake.on_body(data[at : at + 1000])
            if ended:
                reply.intake.on_end()
        return reply

    async def chat(self, model: str = "mock", text: str = "What is DevOps?", **fields: Any) -> Reply:
        headers = {name: fields.pop(name) for name in _HEADERS if name in fields}
        body = {"model": model, "messages": [{"role": "user", "content": text}], **fields}
        return await self.begin("/v1/chat/completions", body, **headers).wait()

    async def ask(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.begin(path, body, **options).wait()


def caller(name: str = "app", *, team: str = "company", access: int = 0, **fields: Any) -> Caller:
    return Caller(id=name, name=name, team=team, acl=frozenset({f"team:{team}"}), access=access, key_id=name, **fields)


def _snapshot(**changes: Any) -> Snapshot:
    names = {"mock", "other", "spread", "assistant/handbook", "stoa-reader"}
    fields: dict[str, Any] = {
        "version": 7,
        "made_at_ms": 1_700_000_000_000,
        "price_version": "p1",
        "keys": {hashlib.sha256(KEY.encode()).hexdigest(): caller()},
        "users": {"u1": Caller("u1", "ada", "company", frozenset({"team:company", "group:hr"}), 0, user_id="u1")},
        "services": {"company": Caller("service:company", "stoa for company", "company", frozenset(), 0)},
        "access": (Access(True, frozenset(names), frozenset({"stoa-embed"})),),
        "teams": {"company": TeamLimits()},
        "providers": {
            "one": Provider(name="one", base_url="http://one/v1", api_key="sealed:sk-one"),
            "two": Provider(name="two", base_url="http://two/v1", headers={"X-Team": "sealed:t"}),
        },
        "models": {
            "mock": Model(name="mock", provider="one"),
            "other": Model(name="other", provider="two", upstream_name="gpt-other"),
            "secret": Model(name="secret", provider="two"),
            "stoa-embed": Model(name="stoa-embed", provider="two", operation="embedding"),
            "stoa-reader": Model(name="stoa-reader", provider="two"),
        },
        "prices": {name: ModelPrice(150.0, 600.0) for name in ("mock", "stoa-embed", "stoa-reader")},
        "routes": {"spread": Route(name="spread", targets=(Target(model="mock", weight=1), Target(model="other", weight=0)))},
        "assistants": {"handbook": Assistant(name="handbook", prompt="Be kind.", collections=("handbook",))},
        "collections": {"handbook": Collection(name="handbook", team="company")},
        "corpus": {"handbook": 3},
    }
    return Snapshot(**(fields | changes))


def answer(text: str = "It is a practice.", **usage: int) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    tokens = usage or {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "up", "choices": [choice], "usage": tokens}


def whole(text: str = "It is a practice.", **usage: int) -> Scripted:
    return Scripted(200, [json.dumps(answer(text, **usage)).encode()], JSON)


def chunk(delta: Any = None, finish: str | None = None, **fields: Any) -> bytes:
    choices = [{"index": 0, "delta": delta or {}, "finish_reason": finish}] if delta is not None or finish else []
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "up", "choices": choices, **fields}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


USAGE = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}


def stream(*pieces: bytes, done: bool = True, usage: bool = True, **options: Any) -> Scripted:
    tail = [chunk(usage=USAGE)] if usage else []
    return Scripted(200, [*pieces, *tail, *([b"data: [DONE]\n\n"] if done else [])], EVENTS, **options)


def talk(*words: str) -> list[bytes]:
    return [chunk({"role": "assistant", "content": ""}), *(chunk({"content": word}) for word in words), chunk({}, "stop")]


class Make:
    """What tests build with."""

    caller = staticmethod(caller)
    snapshot = staticmethod(_snapshot)
    answer = staticmethod(answer)
    whole = staticmethod(whole)
    chunk = staticmethod(chunk)
    stream = staticmethod(stream)
    talk = staticmethod(talk)
    access = staticmethod(Access)

    @staticmethod
    def passage(number: int, text: str = "Trains come first.", title: str = "Travel", **fields: Any) -> Passage:
        return Passage(
            id=f"p{number}", document_id=f"d{number}", collection="handbook", title=title, path=f"{number}.md",
            heading=("Policy", "Trains"), page=number, start=0, end=len(text), text=text, score=1 / number,
        )  # fmt: skip

    @staticmethod
    def key(text: str = KEY) -> str:
        return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def make() -> Make:
    return Make()


@pytest.fixture
def house() -> Callable[..., House]:
    """`house(script, settings=..., **changes of the snapshot)`."""

    def build(
        script: Script | Scripted | None = None,
        *,
        settings: GatewaySettings | None = None,
        log: Any = None,
        tracer: Any = None,
        log_requests: Any = "none",
        own: Any = None,
        decisions: float = 1.0,
        contents: Any = None,
        counter: Any = None,
        answers: Any = None,
        index: Any = None,
        lookups: Any = None,
        links: Any = None,
        tokenizers: Any = None,
        control: Any = None,
        reranking: Any = None,
        **changes: Any,
    ) -> House:
        chosen = script if callable(script) else lambda sent: script or whole()
        upstreams, usage, documents = MemoryUpstreams(chosen), log or MemoryLog(), Documents()

        def retriever(embedder_of: Any, _index_of: Any) -> Documents:
            documents.embedder_of = embedder_of
            return documents

        def rewrite(question: str, history: Sequence[str]) -> str:
            return f"{question} ({history[-1]})" if history else question

        def decompose(question: str) -> Sequence[str]:
            return question.split(" AND ")

        ports = Ports(
            providers=ProviderTable(upstreams), control=upstreams.origin("http://control", OriginLimits()),
            unsealer=PlainSecrets(), log=usage, behalf_key=BEHALF_KEY, retriever=retriever,
            passages=index or MemoryIndex(), links=links, reranking=reranking,
            rewrite=rewrite, decompose=decompose,
            tracer=tracer, log_requests=log_requests, counter=counter, answers=answers, guards=own, decisions=decisions,
            contents=contents, lookups=lookups, tokenizers=MemoryTokenizers(tokenizers), ask_control=control,
        )  # fmt: skip
        gateway = Gateway(ports, settings or GatewaySettings())
        gateway.swap(msgspec.msgpack.decode(msgspec.msgpack.encode(_snapshot(**changes)), type=Snapshot))
        return House(gateway, upstreams, usage, documents)

    return build


@pytest.fixture
def offers(house: Callable[..., House]) -> Callable[..., House]:
    """`offers(script, **changes)`: a house with a model for each operation."""

    def build(script: Script | Scripted | None = None, **changes: Any) -> House:
        return house(script, **(OFFER | changes))

    return build
