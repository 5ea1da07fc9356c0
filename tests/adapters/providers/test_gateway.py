"""Every kind of provider through the whole gateway, over sockets, to a server that answers and refuses as that kind does."""

import asyncio
import importlib.util
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from tests.adapters.providers.conftest import Behave
from tests.adapters.providers.scripted import SECRETS, ScriptedUpstream, Step, connected
from tests.gateway.conftest import BEHALF_KEY, Documents, House, Make, PlainSecrets
from tests.upstreams import anthropic, bedrock, cohere, gemini, openai
from tests.upstreams.behaviours import Behaviour, steps

from stoa.adapters.providers.http import HttpUpstreams
from stoa.adapters.providers.table import ProviderTable
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.adapters.vocabularies.memory import MemoryTokenizers
from stoa.adapters.wal.memory import MemoryLog
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Model, Provider, Route, Target
from stoa.domain.snapshot import Access
from stoa.domain.upstream import OriginLimits
from stoa.gateway.pipeline import Gateway
from stoa.gateway.ports import Ports
from stoa.settings import GatewaySettings

KINDS: dict[str, dict[str, Behaviour]] = {
    **openai.BEHAVIOURS,
    "anthropic": anthropic.BEHAVIOURS,
    "gemini": gemini.BEHAVIOURS,
    "vertex": gemini.BEHAVIOURS,
    "vertex-claude": anthropic.BEHAVIOURS,
    "bedrock": bedrock.BEHAVIOURS,
    "cohere": cohere.BEHAVIOURS,
}
if importlib.util.find_spec("litellm") is not None:  # see test_litellm_sdk.py
    KINDS["litellm"] = openai.BEHAVIOURS["openai"]
each = pytest.mark.parametrize("kind", KINDS)
SAID = "You said: good day to you"
ASKED = [{"role": "user", "content": "good day to you"}]
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"town": {"type": "string"}}}},
}


@dataclass
class Server(ScriptedUpstream):
    """Answers each request as `behaviour` says; `cut` changes the bytes and pauses of what goes over the wire."""

    behaviour: Behaviour | None = None
    cut: Callable[[Sequence[bytes | None]], list[Step]] = field(default=list)

    async def behave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answers = _Answers(self)
        await super().behave(reader, writer)


class _Answers(list[list[Step]]):
    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    def pop(self, _: Any = 0) -> list[Step]:
        assert self._server.behaviour is not None
        return self._server.cut(steps(self._server.behaviour(self._server.asked[-1].body)))


@dataclass
class Houses:
    """A gateway before `server`; the route `safe` has another server behind it, which always answers."""

    house: House
    server: Server
    other: Server
    behaviours: dict[str, Behaviour]

    async def chat(self, behaviour: str, model: str = "m", **fields: Any) -> Any:
        self.server.behaviour = self.behaviours[behaviour]
        body = {"model": model, "messages": ASKED, **fields}
        reply = self.house.begin("/v1/chat/completions", body)
        await asyncio.wait_for(reply.over.wait(), 90 if "litellm" in KINDS else 20)
        return reply


def _provider(kind: str, url: str, idle_s: float) -> Provider:
    provider, opened = connected("vertex" if kind == "vertex-claude" else kind, url)
    sealed = {name: f"sealed:{value}" for name, value in opened.credentials.items()}
    changes: dict[str, Any] = {"credentials": sealed, "api_key": opened.api_key and f"sealed:{opened.api_key}"}
    if kind == "vertex-claude":
        changes["speaks"] = ("messages",)
    return msgspec.structs.replace(provider, **changes, first_byte_timeout_s=5.0, idle_timeout_s=idle_s)


@pytest.fixture
async def houses(
    listen: Callable[[Behave], Awaitable[str]], upstreams: HttpUpstreams
) -> AsyncIterator[Callable[..., Awaitable[Houses]]]:
    tables: list[ProviderTable] = []

    async def build(kind: str, *, idle_s: float = 0.4) -> Houses:
        upstream_name = "openai/some-model" if kind == "litellm" else "some-model"
        server, other = Server(), Server()
        server.url, other.url = await listen(server.behave), await listen(other.behave)
        other.behaviour = lambda body: openai.BEHAVIOURS["openai"]["stream" if json.loads(body).get("stream") else "plain"](
            body
        )
        table = ProviderTable(upstreams)
        tables.append(table)
        log = MemoryLog()
        ports = Ports(
            providers=table, control=upstreams.origin("http://127.0.0.1:9", OriginLimits()), unsealer=PlainSecrets(), log=log,
            behalf_key=BEHALF_KEY, retriever=lambda _, __: Documents(), passages=MemoryIndex(),
            rewrite=lambda question, _: question, decompose=lambda question: [question],
            tokenizers=MemoryTokenizers(),
        )  # fmt: skip
        gateway = Gateway(ports, GatewaySettings())
        second = Provider(name="second", base_url=other.url)
        gateway.swap(
            Make.snapshot(
                providers={"p": _provider(kind, server.url, idle_s), "second": second},
                models={
                    "m": Model(name="m", provider="p", upstream_name=upstream_name),
                    "n": Model(name="n", provider="second"),
                },
                prices={name: ModelPrice(150.0, 600.0) for name in ("m", "n")},
                routes={"safe": Route(name="safe", strategy="ordered", targets=(Target(model="m"), Target(model="n")))},
                access=(Access(True, frozenset({"m", "n", "safe"}), frozenset()),),
            )
        )
        return Houses(House(gateway, None, log, Documents()), server, other, KINDS[kind])  # type: ignore[arg-type]

    yield build
    for table in tables:
        table.close()


def events_of(reply: Any) -> list[Any]:
    """The data of each event, the terminal one as the text it is; comments are nothing."""
    lines = [line.removeprefix(b"data:").strip() for line in reply.body.split(b"\n") if line.startswith(b"data:")]
    return [line.decode() if line == b"[DONE]" else json.loads(line) for line in lines]


def text_of(reply: Any) -> str:
    """What a stream said, without its last event."""
    deltas = [choice["delta"] for event in events_of(reply)[:-1] for choice in event.get("choices", ())]
    return "".join(delta.get("content") or "" for delta in deltas)


def drip(answer: Sequence[bytes | None]) -> list[Step]:
    """A few bytes at a time, pieces cut anywhere."""
    data = b"".join(piece for piece in answer if piece is not None)
    pieces: list[Step] = []
    for number, at in enumerate(range(0, len(data), 23)):
        pieces += [data[at : at + 23], *([0.001] if number % 8 == 0 else [])]
    return [*pieces, *([None] if None in answer else [])]


def stall(answer: Sequence[bytes | None]) -> list[Step]:
    """The first half, and then nothing."""
    return [*answer[: len(answer) // 2], 60.0]


@each
async def test_a_whole_answer_comes_back_and_is_counted(houses, kind: str) -> None:
    here = await houses(kind)
    reply = await here.chat("plain")
    assert reply.status == 200, reply.body
    assert reply.json["choices"][0]["message"]["content"] == SAID
    (fact,) = here.house.facts
    assert (fact.status, fact.prompt_tokens, fact.completion_tokens, fact.tokens_from) == (200, 11, 7, "provider")
    assert fact.cost_nano_usd == 11 * 150 + 7 * 600


@each
@pytest.mark.parametrize("cut", [list, drip], ids=["at once", "drip by drip"])
async def test_a_stream_comes_back_however_it_is_cut(houses, kind: str, cut: Any) -> None:
    here = await houses(kind)
    here.server.cut = cut
    reply = await here.chat("stream", stream=True)
    assert reply.status == 200, reply.body
    assert text_of(reply) == SAID
    assert events_of(reply)[-1] == "[DONE]"
    (fact,) = here.house.facts
    assert (fact.error, fact.prompt_tokens, fact.completion_tokens, fact.tokens_from) == (None, 11, 7, "provider")


@each
async def test_two_tools_are_called_at_once(houses, kind: str) -> None:
    here = await houses(kind)
    whole = await here.chat("tools", tools=[WEATHER])
    calls = whole.json["choices"][0]["message"]["tool_calls"]
    assert [json.loads(call["function"]["arguments"])["town"] for call in calls] == ["Bonn", "Kiel"]
    assert whole.json["choices"][0]["finish_reason"] == "tool_calls"
    streamed = await here.chat("tools_streamed", tools=[WEATHER], stream=True)
    arguments: dict[int, str] = {}
    for event in events_of(streamed)[:-1]:
        for choice in event["choices"]:
            for call in choice["delta"].get("tool_calls") or ():
                arguments[call["index"]] = arguments.get(call["index"], "") + call["function"].get("arguments", "")
    assert [json.loads(each)["town"] for each in arguments.values()] == ["Bonn", "Kiel"]


@each
async def test_a_rate_limit_is_told_with_its_time_and_leaves_the_target_alone(houses, kind: str) -> None:
    here = await houses(kind)
    reply = await here.chat("rate_limit")
    assert (reply.status, reply.error["code"]) == (429, "upstream_rate_limited")
    assert reply.named.get("retry-after") == (None if kind == "bedrock" else "2")
    again = await here.chat("plain")
    assert again.status == (200 if kind == "bedrock" else 503), again.body
    assert len(here.server.asked) == (2 if kind == "bedrock" else 1)


@each
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("behaviour", ["rate_limit", "server_error", "credentials", "in_stream_error_first"])
async def test_what_another_could_answer_another_answers(houses, kind: str, behaviour: str, stream: bool) -> None:
    if behaviour == "in_stream_error_first" and not stream:
        return
    here = await houses(kind)
    reply = await here.chat(behaviour, "safe", stream=stream)
    assert reply.status == 200, reply.body
    assert (text_of(reply) if stream else reply.json["choices"][0]["message"]["content"]) == SAID
    (fact,) = here.house.facts
    assert (fact.model, fact.attempts, fact.error) == ("n", 2, None)


@each
async def test_an_error_of_the_server_is_told_as_one(houses, kind: str) -> None:
    reply = await (await houses(kind)).chat("server_error")
    assert reply.status in (502, 503)
    assert reply.error["code"] == "upstream_error"
    assert reply.error["message"].startswith("Model 'm' of provider 'p' failed: it answered 5")
    assert "no reason" not in reply.error["message"]


@each
async def test_credentials_that_are_refused_are_the_operator_s_to_mend(houses, kind: str) -> None:
    reply = await (await houses(kind)).chat("credentials")
    assert (reply.status, reply.error["code"]) == (502, "upstream_credentials")


@each
async def test_too_long_a_prompt_is_the_caller_s_and_goes_nowhere_else(houses, kind: str) -> None:
    here = await houses(kind)
    reply = await here.chat("context_window", "safe")
    assert reply.status in (400, 422)
    assert here.other.asked == []
    (fact,) = here.house.facts
    assert (fact.attempts, fact.error) == (1, "upstream_refused")
    again = await here.chat("plain")
    assert again.status == 200, "a target that refused the caller's fault is as good as before"


@each
@pytest.mark.parametrize("stream", [False, True])
async def test_content_against_a_policy_is_said_to_be_that(houses, kind: str, stream: bool) -> None:
    here = await houses(kind)
    reply = await here.chat("content_policy_streamed" if stream else "content_policy", "safe", stream=stream)
    assert here.other.asked == []
    if reply.status == 200:
        events = events_of(reply)[:-1] if stream else [reply.json]
        finish = [choice["finish_reason"] for event in events for choice in event["choices"]]
        assert "content_filter" in finish
    else:
        assert reply.status == 400
        assert here.house.facts[0].error == "upstream_refused"


@each
@pytest.mark.parametrize("cut", [list, drip], ids=["at once", "drip by drip"])
@pytest.mark.parametrize("behaviour", ["dies", "in_stream_error"])
async def test_a_stream_that_breaks_ends_with_an_error_and_is_billed(houses, kind: str, behaviour: str, cut: Any) -> None:
    here = await houses(kind)
    here.server.cut = cut
    reply = await here.chat(behaviour, "safe", stream=True)
    assert reply.status == 200, reply.body
    assert SAID.startswith(text_of(reply).strip())
    assert text_of(reply)
    truncated = behaviour == "dies" and kind != "litellm"  # whose SDK makes an error of it
    assert events_of(reply)[-1]["error"]["code"] == ("upstream_truncated" if truncated else "upstream_error")
    assert b"[DONE]" not in reply.body
    assert here.other.asked == [], "what a client has seen of one answer is not followed by another"
    (fact,) = here.house.facts
    assert (fact.model, fact.attempts) == ("m", 1)
    assert fact.completion_tokens > 0


@each
async def test_a_stream_that_stops_is_given_up(houses, kind: str) -> None:
    here = await houses(kind, idle_s=0.1)
    here.server.cut = stall
    reply = await here.chat("stream", stream=True)
    assert events_of(reply)[-1]["error"]["code"] == "upstream_timeout"
    assert b"[DONE]" not in reply.body


@each
async def test_a_server_that_hangs_up_without_an_answer_is_passed_over(houses, kind: str) -> None:
    here = await houses(kind)
    here.server.cut = lambda _: [None]
    reply = await here.chat("plain", "safe")
    assert reply.json["choices"][0]["message"]["content"] == SAID
    assert here.house.facts[0].attempts == 2


@each
async def test_no_secret_of_a_provider_is_ever_told(houses, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    here = await houses(kind)
    told = b"".join([(await here.chat(each)).body for each in ("credentials", "server_error", "context_window", "rate_limit")])
    said = told.decode() + caplog.text + repr(here.house.facts)
    assert not [secret for secret in SECRETS if secret in said]
