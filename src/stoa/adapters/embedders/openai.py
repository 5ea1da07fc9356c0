"""Embeddings from an endpoint that speaks the OpenAI form: for ingestion, this Stoa's own gateway."""

import base64
from array import array
from collections.abc import Callable, Sequence

import httpx
import msgspec

from stoa.domain.passages import Spent
from stoa.errors import ProviderError

BATCH_LANE = {"x-stoa-lane": "batch"}
"""Documents give way to questions."""


class _Item(msgspec.Struct):
    index: int
    embedding: str | list[float]


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0


class _Answer(msgspec.Struct):
    data: list[_Item]
    usage: _Usage | None = None


class _Detail(msgspec.Struct, frozen=True):
    message: str = ""


class _Refusal(msgspec.Struct, frozen=True):
    error: _Detail = _Detail()


class EndpointEmbedder:
    """One model of one endpoint. `token` makes the bearer token for the team that pays. Raises ProviderError.

    `spent` counts what it took so far, as the endpoint tells it.
    """

    def __init__(self, client: httpx.AsyncClient, *, url: str, model: str, token: Callable[[str], str]) -> None:
        self._client, self._url, self._model, self._token = client, url, model, token
        self.spent = Spent()

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        body = {"model": self._model, "input": list(texts), "encoding_format": "base64"}
        headers = {"authorization": f"Bearer {self._token(team)}", **BATCH_LANE}
        try:
            answer = await self._client.post(self._url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise ProviderError(
                f"Embedding model {self._model!r} cannot be reached: {error or type(error).__name__}."
            ) from None
        if answer.status_code != 200:
            raise ProviderError(
                f"Embedding model {self._model!r} answered {answer.status_code}: {_reason(answer.content)}",
                upstream_status=answer.status_code,
            )
        try:
            read = msgspec.json.decode(answer.content, type=_Answer)
        except msgspec.DecodeError as error:
            raise ProviderError(f"Embedding model {self._model!r} answered nonsense: {error}.") from None
        items, told = read.data, answer.headers.get("x-stoa-cost-nano-usd", "")
        self.spent += Spent(read.usage.prompt_tokens if read.usage else 0, int(told) if told.isdecimal() else None)
        if sorted(item.index for item in items) != list(range(len(texts))):
            raise ProviderError(f"Embedding model {self._model!r} answered {len(items)} vectors for {len(texts)} texts.")
        return [_vector(item.embedding) for item in sorted(items, key=lambda item: item.index)]


def make_client() -> httpx.AsyncClient:
    """Few connections, kept; a batch of passages may take a slow machine a minute."""
    limits = httpx.Limits(max_connections=8, max_keepalive_connections=4)
    return httpx.AsyncClient(timeout=httpx.Timeout(120, connect=5), limits=limits, trust_env=False)


def _vector(embedding: str | list[float]) -> Sequence[float]:
    return array("f", base64.b64decode(embedding)) if isinstance(embedding, str) else embedding


def _reason(content: bytes) -> str:
    try:
        return msgspec.json.decode(content, type=_Refusal).error.message or "no reason given"
    except msgspec.DecodeError:
        return "no reason given"
