"""What is asked about a request instead of the request: how many tokens it has, and where it would go."""

import time
from collections.abc import Callable
from random import random
from time import perf_counter

import msgspec

from stoa.dialects.anthropic.count import count
from stoa.domain.exchange import Exchange
from stoa.domain.operations import Operation
from stoa.domain.targets import Consideration
from stoa.errors import StoaError
from stoa.gateway.ask import reader
from stoa.gateway.cache import AnswerCache, cache_key
from stoa.gateway.inference import Inference
from stoa.gateway.plan import Client, Offering, Plan
from stoa.gateway.routing.explain import explain
from stoa.gateway.stages import Stages
from stoa.gateway.surface import CHAT, COUNT_TOKENS, EMBEDDINGS, RERANK, Surface
from stoa.gateway.wish import wish_of

_encode = msgspec.json.Encoder().encode
_CACHED: dict[Operation, Surface] = {"chat": CHAT, "embedding": EMBEDDINGS, "rerank": RERANK}


class _Named(msgspec.Struct):
    """As much of any request as says where it goes. It is none of `Ask`, since nothing is asked."""

    model: str


_named = reader(_Named)


class Explanation(msgspec.Struct, frozen=True):
    """Where a request would go now, and why, without sending it."""

    route: str
    strategy: str
    assistant: str | None
    sticky: bool
    snapshot: int
    cache: str
    """`hit`: an answer is kept and would be given; `miss`; `bypass`: this request's answer would not be kept."""
    complexity: float | None
    """From 0 to 1, where the strategy asks for it."""
    steps: list[Consideration]


class Aside:
    """Implements `domain.exchange.Intake`: gathers the body and answers with what `work` makes of it."""

    def __init__(self, exchange: Exchange, surface: Surface, lines: bytes, limit: int, work: Callable[[bytes], bytes]) -> None:
        self.body_limit = limit
        self._exchange = exchange
        self._surface = surface
        self._lines = lines
        self._work = work
        self._body = bytearray()

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_end(self) -> None:
        try:
            self._exchange.send(200, self._lines, self._work(bytes(self._body)))
        except StoaError as error:
            body = self._surface.refuse(error.status, error.code, error.message, error.param)
            self._exchange.send(error.status, self._lines, body)

    def on_gone(self) -> None: ...

    def on_pause(self) -> None: ...

    def on_resume(self) -> None: ...


class Counting(Aside):
    """Anthropic's count_tokens: asked of the provider where every target offers it, else estimated here."""

    def __init__(self, stages: Stages, plan: Plan, exchange: Exchange, client: Client, lines: bytes) -> None:
        super().__init__(exchange, COUNT_TOKENS, lines, stages.body_limit, self._estimate)
        self._stages = stages
        self._plan = plan
        self._client = client

    def on_end(self) -> None:
        body = bytes(self._body)
        try:
            offering = self._stages.find(self._plan, self._client, "chat", COUNT_TOKENS.read(body, b"").model)
        except StoaError:
            super().on_end()  # refuses it the same way
            return
        if offering.assistant is None and offers_counting(offering):
            asked = Inference(self._stages, self._plan, self._exchange, self._client, COUNT_TOKENS, None)
            asked.on_body(body)
            asked.on_end()
        else:
            super().on_end()

    def _estimate(self, body: bytes) -> bytes:
        return counted(self._stages, self._plan, self._client, body)


def counted(stages: Stages, plan: Plan, client: Client, body: bytes) -> bytes:
    """Anthropic's count_tokens by our own estimate. Raises InvalidRequest, NotFound, Forbidden."""
    stages.find(plan, client, "chat", COUNT_TOKENS.read(body, b"").model)
    return _encode({"input_tokens": count(body)})


def explained(stages: Stages, plan: Plan, client: Client, exchange: Exchange, body: bytes) -> bytes:
    """The dry run of a request to a model of whatever operation. Raises InvalidRequest, NotFound, Forbidden."""
    name = _named(body, b"").model
    found: list[Operation] = [each for each, offerings in plan.offerings.items() if name in offerings]
    operation: Operation = found[0] if found else "chat"
    offering = stages.find(plan, client, operation, name)
    router, surface = offering.router, _CACHED.get(operation)
    wish = wish_of(offering, client, exchange.headers, body, named=operation == "chat")
    key = cache_key(client, offering, surface, surface.read(body, b""), body, exchange.headers) if surface is not None else None
    return _encode(
        Explanation(
            route=offering.name,
            strategy=router.strategy,
            assistant=offering.assistant.name if offering.assistant is not None else None,
            sticky=router.sticky,
            snapshot=plan.version,
            cache=_cached(stages.cache, key),
            complexity=wish.complexity if router.strategy == "complexity" else None,
            steps=explain(router, wish, perf_counter(), random()),  # noqa: S311 - a draw as any request's
        )
    )


def offers_counting(offering: Offering) -> bool:
    """Whether every target speaks this form and counts tokens itself, so that the count is the provider's own."""
    return all(
        "messages" in target.native and target.door("count_tokens", stream=False) is not None for target in offering.targets
    )


def _cached(cache: AnswerCache | None, key: bytes | None) -> str:
    if cache is None or key is None:
        return "bypass"
    return "hit" if cache.get(key, now_s=time.monotonic()) is not None else "miss"
