"""Requests that Stoa makes to its own models within the gateway: through the same stages, without a socket."""

import asyncio
import base64
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from stoa.errors import ProviderError
from stoa.gateway.inference import Inference
from stoa.gateway.plan import Client, Plan
from stoa.gateway.stages import PARENT, SPAN, Stages
from stoa.gateway.surface import EMBEDDINGS, Surface
from stoa.gateway.traced import Traced


class LocalExchange:
    """Implements `domain.exchange.Exchange`: the answer becomes the result of a future."""

    method = b"POST"
    peer = ""
    scheme = "http"
    known: object | None = None

    def __init__(self, target: bytes) -> None:
        self.target = target
        self.headers: Mapping[bytes, bytes] = {}
        self.answer: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()

    def send(self, status: int, headers: bytes, body: bytes) -> None:
        del headers
        if not self.answer.done():
            self.answer.set_result((status, body))

    def start(self, status: int, headers: bytes, length: int | None = None, body: bytes = b"") -> None:
        raise AssertionError("it is never streamed")

    def write(self, data: bytes) -> None: ...

    def finish(self, body: bytes = b"") -> None: ...

    def abort(self) -> None: ...

    def pause_body(self) -> None: ...

    def resume_body(self) -> None: ...


class _Item(msgspec.Struct):
    index: int
    embedding: str | list[float]


class _Answer(msgspec.Struct):
    data: list[_Item]


_decode = msgspec.json.Decoder(_Answer).decode


class LocalEmbedder:
    """Implements `domain.passages.Embedder` with one embedding model of the plan. `client_of` knows the team that pays."""

    def __init__(self, stages: Stages, plan: Callable[[], Plan | None], model: str) -> None:
        self._stages = stages
        self._plan = plan
        self._model = model

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        """Raises ProviderError when no model gives the vectors, and LimitReached when the team's budget is spent."""
        plan = self._plan()
        client = plan.services.get(team) if plan is not None else None
        if plan is None or client is None:
            raise ProviderError(f"Team {team!r} is not known yet, so nothing can be embedded for it.", status=503)
        asked = msgspec.json.encode({"model": self._model, "input": texts, "encoding_format": "base64"})
        status, body = await ask(self._stages, plan, client, EMBEDDINGS, self._model, asked)
        if status != 200:
            raise ProviderError(f"Embedding model {self._model!r} gave no vectors: {body[:500].decode(errors='replace')}")
        try:
            items = sorted(_decode(body).data, key=lambda item: item.index)
        except msgspec.MsgspecError as error:
            raise ProviderError(f"Embedding model {self._model!r} answered nonsense: {error}.") from None
        if [item.index for item in items] != list(range(len(texts))):
            raise ProviderError(f"Embedding model {self._model!r} answered {len(items)} vectors for {len(texts)} texts.")
        return [_vector(item.embedding) for item in items]


async def ask(stages: Stages, plan: Plan, client: Client, surface: Surface, model: str, body: bytes) -> tuple[int, bytes]:
    """Status and body of the answer. Cancelling it gives the request up."""
    exchange = LocalExchange(surface.target)
    span = SPAN.get()
    make = (
        Inference if span is None else partial(Traced, span.child(f"{surface.path.rpartition('/')[2]} {model}", "internal", {}))
    )
    inference = make(stages, plan, exchange, client, surface, None)
    inference.parent_id = PARENT.get()
    inference.on_body(body)
    inference.on_end()
    try:
        return await exchange.answer
    finally:
        if not exchange.answer.done() or exchange.answer.cancelled():
            inference.on_gone()


def _vector(embedding: str | list[float]) -> Sequence[float]:
    return array("f", base64.b64decode(embedding)) if isinstance(embedding, str) else embedding
