"""What is asked about a request instead of the request: how many tokens it has, and where it would go."""

from collections.abc import Callable, Mapping
from random import random
from time import perf_counter

import msgspec

from stoa.dialects.anthropic.count import read_count, write_count
from stoa.domain.exchange import Exchange
from stoa.domain.operations import Operation
from stoa.domain.resources import Route
from stoa.domain.targets import Consideration, Explanation
from stoa.errors import InvalidRequest, StoaError
from stoa.gateway.bodies import fields_of, reader
from stoa.gateway.counting.gauge import estimated
from stoa.gateway.inference import Inference
from stoa.gateway.key import is_of_a_role
from stoa.gateway.plan import Client, Offering, Plan
from stoa.gateway.planning import router_of
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


_UNKNOWN = "Not asked: this gateway cannot speak to its provider, or does not know the model yet."


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
    """Anthropic's count_tokens: asked of the provider where every target offers it, else counted or estimated here."""

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
    """Anthropic's count_tokens, as requests are counted. Raises InvalidRequest, NotFound, Forbidden."""
    gauge = stages.find(plan, client, "chat", COUNT_TOKENS.read(body, b"").model).gauge
    said = read_count(body)
    tokenizer = gauge.ready() if gauge is not None else None
    try:
        tokens = gauge.of(said, tokenizer) if gauge is not None and tokenizer is not None else estimated(said)
    except ValueError:
        tokens = estimated(said)
    return write_count(tokens)


def explained(stages: Stages, plan: Plan, client: Client, exchange: Exchange, body: bytes) -> bytes:
    """The dry run of a request to a model of whatever operation. Raises InvalidRequest, NotFound, Forbidden.

    A body with a `route` asks about that one instead of the one it names. Only Stoa's own roles may send it: control has
    looked at the rights of whoever drew it up.
    """
    name = _named(body, b"").model
    draft = _draft(exchange.headers, body)
    if draft is not None:
        CHAT.read(body, b"")
        return _encode(_explained_draft(plan, client, exchange, body, draft))
    found: list[Operation] = [each for each, offerings in plan.offerings.items() if name in offerings]
    operation: Operation = found[0] if found else "chat"
    offering = stages.find(plan, client, operation, name)
    router, surface = offering.router, _CACHED.get(operation)
    wish = wish_of(router, client, exchange.headers, body, named=operation == "chat")
    caching, outlook = stages.caching, "bypass"
    if caching is not None and surface is not None:
        outlook = caching.outlook(client, offering, surface, surface.read(body, b""), body, exchange.headers)
    draw = random()  # noqa: S311 - as any request's
    return _encode(
        Explanation(
            route=offering.name,
            strategy=router.strategy,
            assistant=offering.assistant.name if offering.assistant is not None else None,
            sticky=router.sticky,
            snapshot=plan.version,
            cache=outlook,
            complexity=wish.complexity if router.strategy == "complexity" else None,
            steps=tuple(explain(router, wish, perf_counter(), draw, for_operator=is_of_a_role(exchange.headers))),
        )
    )


def _draft(headers: Mapping[bytes, bytes], body: bytes) -> Route | None:
    """The route to be explained, where the body brings one. Raises InvalidRequest."""
    sent = fields_of(body).get("route")
    if sent is None:
        return None
    if not is_of_a_role(headers):
        raise InvalidRequest("Only Stoa's own roles ask about a route that they bring; name one in 'model'.", param="route")
    try:
        return msgspec.convert(sent, Route)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"The route cannot be read: {error}.", param="route") from None


def _explained_draft(plan: Plan, client: Client, exchange: Exchange, body: bytes, draft: Route) -> Explanation:
    router = router_of(draft, plan.targets)
    wish = wish_of(router, client, exchange.headers, body, named=True)
    draw = random()  # noqa: S311 - as any request's
    asked = bool(router.targets or router.fallbacks)
    steps = explain(router, wish, perf_counter(), draw, for_operator=True) if asked else []
    named = (*(each.model for each in draft.targets), *(each.model for each in draft.fallbacks))
    unknown = [name for name in dict.fromkeys(named) if name not in plan.targets]
    return Explanation(
        route=draft.name,
        strategy=draft.strategy,
        assistant=None,
        sticky=draft.sticky,
        snapshot=plan.version,
        cache="bypass",
        complexity=wish.complexity if draft.strategy == "complexity" else None,
        steps=(
            *steps,
            *(Consideration(model=name, provider="", arm=None, verdict="passed over", why=_UNKNOWN) for name in unknown),
        ),
    )


def offers_counting(offering: Offering) -> bool:
    """Whether every target speaks this form and counts tokens itself, so that the count is the provider's own."""
    return all(
        "messages" in target.native and target.door("count_tokens", stream=False) is not None for target in offering.targets
    )
