"""ChatClient over the gateway's `/v1/chat/completions`, streamed, with a token that speaks for the user.

Limits: text answers only; a tool call in the stream is passed over.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

import httpx
import msgspec

from stoa.domain.chat import (
    AnswerBegins,
    AnswerCitations,
    AnswerClosest,
    AnswerPiece,
    AnswerText,
    AnswerUsage,
    AnswerVerification,
    ChatMessage,
)
from stoa.domain.passages import Citation, SentenceCheck
from stoa.errors import Forbidden, InvalidRequest, LimitReached, NotFound, ProviderError, StoaError, TooLarge

_TIMEOUT = httpx.Timeout(connect=5.0, write=30.0, pool=30.0, read=180.0)  # the gateway's own timeouts are shorter and say more
_ERROR_BYTES = 65_536
_LINE_BYTES = 16_777_216


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Stoa(msgspec.Struct):
    citations: tuple[Citation, ...] | None = None
    closest: tuple[Citation, ...] | None = None
    verification: tuple[SentenceCheck, ...] | None = None
    cost_nano_usd: int | None = None


class _Error(msgspec.Struct):
    message: str = ""
    code: str | int | None = None
    param: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    stoa: _Stoa | None = None
    error: _Error | str | None = None


class _Refusal(msgspec.Struct):
    error: _Error


_CHUNK = msgspec.json.Decoder(_Chunk)
_REFUSAL = msgspec.json.Decoder(_Refusal)


def make_client(url: str) -> httpx.AsyncClient:
    """A pool of connections to the gateway at this URL. Whoever makes it closes it."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    checked = url.startswith("https:")  # reading the certificates takes longer than the rest of a start
    return httpx.AsyncClient(base_url=url, timeout=_TIMEOUT, limits=limits, trust_env=False, verify=checked)


class GatewayChat:
    """`token` makes a credential that speaks for a user, good for minutes."""

    def __init__(self, client: httpx.AsyncClient, *, token: Callable[[str], str]) -> None:
        self._client = client
        self._token = token

    async def answer(self, messages: Sequence[ChatMessage], *, model: str, user_id: str) -> AsyncGenerator[AnswerPiece]:
        body = {"model": model, "messages": messages, "stream": True, "stream_options": {"include_usage": True}}
        headers = {"authorization": f"Bearer {self._token(user_id)}", "content-type": "application/json"}
        headers["accept-encoding"] = "identity"  # pieces as they come, not as a compressor lets go of them
        content = msgspec.json.encode(body)
        try:
            async with self._client.stream("POST", "/v1/chat/completions", content=content, headers=headers) as response:
                if response.status_code != 200:
                    raise refused(response, await _start_of(response))
                yield AnswerBegins(response.headers.get("x-request-id"))
                async for data in _events(response):
                    for piece in _pieces(data):
                        yield piece
                cost = response.headers.get("x-stoa-cost-nano-usd", "")
                if cost.isdecimal():  # known before the answer began: one from the cache, whose events tell of the first time
                    yield AnswerUsage(cost_nano_usd=int(cost))
        except httpx.TimeoutException as error:
            raise ProviderError("The gateway sent nothing for too long, so the answer was given up.") from error
        except httpx.HTTPError as error:
            raise ProviderError("The gateway cannot be reached, or broke off. Ask again in a moment.") from error


async def _events(response: httpx.Response) -> AsyncIterator[bytes]:
    """The data of each server-sent event up to `[DONE]`. Raises ProviderError when the stream ends without it.

    Lines end at LF alone: httpx's own splitter also cuts at U+2028, which JSON may hold.
    """
    rest = b""
    async for received in response.aiter_bytes():
        *lines, rest = (rest + received).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                data = line[5:].strip()
                if data == b"[DONE]":
                    return
                yield data
        if len(rest) > _LINE_BYTES:
            raise ProviderError("The answer held a piece that is too long.")
    raise ProviderError("The answer broke off before its end.")


def _pieces(data: bytes) -> list[AnswerPiece]:
    try:
        chunk = _CHUNK.decode(data)
    except msgspec.DecodeError as error:
        raise ProviderError("The answer held a piece that cannot be understood.") from error
    if chunk.error is not None:
        message = chunk.error if isinstance(chunk.error, str) else chunk.error.message
        raise ProviderError(message or "The model failed while it was answering.")
    found: list[AnswerPiece] = [
        AnswerText(c.delta.content) for c in chunk.choices[:1] if c.delta is not None and c.delta.content
    ]
    if chunk.stoa is not None and chunk.stoa.citations:
        found.append(AnswerCitations(chunk.stoa.citations))
    if chunk.stoa is not None and chunk.stoa.closest:
        found.append(AnswerClosest(chunk.stoa.closest))
    if chunk.stoa is not None and chunk.stoa.verification is not None:
        found.append(AnswerVerification(chunk.stoa.verification))
    cost = chunk.stoa.cost_nano_usd if chunk.stoa is not None else None
    if chunk.usage is not None or cost is not None:
        usage = chunk.usage or _Usage()
        found.append(AnswerUsage(usage.prompt_tokens, usage.completion_tokens, cost))
    return found


async def _start_of(response: httpx.Response) -> bytes:
    body = b""
    async for received in response.aiter_bytes():
        body += received
        if len(body) > _ERROR_BYTES:
            break
    return body


def refused(response: httpx.Response, body: bytes) -> StoaError:
    """The gateway's refusal as an error of ours, in its own words."""
    try:
        error = _REFUSAL.decode(body).error
    except msgspec.DecodeError:
        error = _Error()
    status = response.status_code
    message = error.message or f"The gateway refused the request with status {status}."
    code = error.code if isinstance(error.code, str) else None
    match status:
        case 429:
            return LimitReached(message, code=code, retry_after_s=_seconds(response.headers.get("retry-after")))
        case 404:
            return NotFound(message, code=code)
        case 401 | 403:
            return Forbidden(message, code=code)
        case 413:
            return TooLarge(message, code=code)
        case _ if status < 500:
            return InvalidRequest(message, code=code, param=error.param)
        case _:
            return ProviderError(message, code=code, upstream_status=status, status=status)


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isdecimal() else None
