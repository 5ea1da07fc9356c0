"""The long tail of providers, through litellm's SDK: chat and embeddings, in OpenAI's form on both sides.

Slower than everything else here, beside the hot path in a thread of its own, and outside the egress allow-list, the TLS
settings and the connection limits: the SDK opens its connections itself. A model's upstream name is litellm's, such as
`xai/grok-4`; `credentials` and `region` become the SDK's arguments of those names.
"""

import importlib.util
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from stoa.adapters.providers import facts
from stoa.adapters.providers.litellm_requests import CHAT, EMBEDDING, Fields, read
from stoa.adapters.providers.litellm_thread import Exchange, SdkCall, SdkThread, sdk
from stoa.domain.operations import ClientForm
from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Call, Door, Endpoint, Facts, Headers, Opened, Receiver, UpstreamForm
from stoa.errors import MissingExtra

log = logging.getLogger("stoa.upstream")

_JSON = ((b"content-type", b"application/json"),)
_EVENTS = ((b"content-type", b"text/event-stream"),)


@dataclass(frozen=True, slots=True)
class LitellmLink:
    """Implements `domain.upstream.Link`. `arguments` go along with every call."""

    thread: SdkThread
    arguments: Mapping[str, Any]  # Any: the SDK's
    secrets: frozenset[str]
    form: UpstreamForm = "chat"
    native: frozenset[ClientForm] = frozenset({"chat"})

    def facts(self, model: Model) -> Facts:
        return facts.plain(model)

    def door(self, door: Door, upstream_name: str, *, stream: bool) -> Endpoint | None:
        del stream  # stands in the body
        if door not in ("chat", "embedding"):
            return None
        return LitellmEndpoint(self.thread, {**self.arguments, "model": upstream_name}, self.secrets, door)

    def health(self, path: str) -> None:
        """The SDK opens its connections itself, and to models alone."""


def link(provider: Provider, opened: Opened, thread: SdkThread) -> LitellmLink:
    """Raises MissingExtra."""
    if importlib.util.find_spec("litellm") is None:
        raise MissingExtra(
            f"Provider {provider.name!r} is of type 'litellm', whose package is not installed. "
            "Install it with: pip install 'stoa[litellm]'"
        )
    named = {"api_base": provider.base_url, "api_key": opened.api_key, "extra_headers": dict(opened.headers) or None}
    known = {name: value for name, value in named.items() if value is not None}
    if provider.region is not None:
        known["aws_region_name"] = known["vertex_location"] = provider.region
    if provider.project is not None:
        known["vertex_project"] = provider.project
    if provider.api_version is not None:
        known["api_version"] = provider.api_version
    timeout = provider.first_byte_timeout_s
    arguments: dict[str, Any] = {**known, **opened.credentials, "timeout": timeout, "num_retries": 0, "max_retries": 0}
    secrets = {opened.api_key or "", *opened.credentials.values(), *opened.headers.values()}
    return LitellmLink(thread, arguments, frozenset(secret for secret in secrets if len(secret) > 3))


class LitellmEndpoint:
    """Implements `domain.upstream.Endpoint`."""

    def __init__(self, thread: SdkThread, arguments: Mapping[str, Any], secrets: frozenset[str], door: Door) -> None:
        self._thread = thread
        self._arguments = arguments
        self._secrets = secrets
        self._door = door

    def post(self, body: bytes, receiver: Receiver, lines: bytes = b"") -> Call:
        """`lines` are left out: the SDK has headers of its own for each provider."""
        del lines

        async def work(exchange: Exchange) -> None:
            await self._answer(body, exchange)

        return SdkCall(self._thread, work, receiver)

    async def _answer(self, body: bytes, exchange: Exchange) -> None:
        try:
            fields = read(body, CHAT if self._door == "chat" else EMBEDDING)
        except ValueError as error:
            exchange.whole(400, _JSON, self._error(str(error), "invalid_request_error"))
            return
        litellm = sdk()
        ask = litellm.acompletion if self._door == "chat" else litellm.aembedding
        try:
            answer = await ask(**{**fields, **self._arguments})
        except litellm.exceptions.openai.OpenAIError as error:
            status = getattr(error, "status_code", None) or 500
            exchange.whole(status, (*_JSON, *_told(error)), self._error(str(error), type(error).__name__))
            return
        if fields.get("stream"):
            await exchange.stream((*_EVENTS, *_told(answer)), self._events(litellm, answer))
        else:
            exchange.whole(200, (*_JSON, *_told(answer)), msgspec.json.encode(_completed(answer.model_dump(exclude_none=True))))

    async def _events(self, litellm: Any, answer: Any) -> AsyncIterator[bytes]:
        try:
            async for chunk in answer:
                yield b"data: " + msgspec.json.encode(_completed(chunk.model_dump(exclude_none=True))) + b"\n\n"
        except litellm.exceptions.openai.OpenAIError as error:
            yield b"data: " + self._error(str(error), type(error).__name__) + b"\n\n"
            return
        yield b"data: [DONE]\n\n"

    def _error(self, message: str, kind: str) -> bytes:
        for secret in self._secrets:
            message = message.replace(secret, "********")
        return msgspec.json.encode({"error": {"message": message, "type": kind, "param": None, "code": None}})


def _completed(answer: Fields) -> Fields:
    """The nulls that OpenAI's form has and `exclude_none` took away."""
    for choice in answer.get("choices", ()):
        choice.setdefault("finish_reason", None)
        if "message" in choice:
            choice["message"].setdefault("content", None)
    return answer


def _told(source: Any) -> Headers:
    """The provider's own headers on limits, from an answer or an error."""
    hidden = getattr(source, "_hidden_params", None) or {}
    found = dict(hidden.get("additional_headers") or {})
    found |= dict(getattr(getattr(source, "response", None), "headers", None) or {})
    told: list[tuple[bytes, bytes]] = []
    for name, value in found.items():
        plain = str(name).lower().removeprefix("llm_provider-")
        if plain == "retry-after" or plain.startswith("x-ratelimit-"):
            told.append((plain.encode("latin-1", "ignore"), str(value).encode("latin-1", "ignore")))
    return tuple(dict(told).items())
