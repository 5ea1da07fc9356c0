"""The playground: one request to one target, told while it happens, as its client would see it on the wire.

Nothing is read or changed on the way, so what a target answers here it answers to an application. The gateway decides, limits
and bills as for any request of the user; what it billed is looked up by the request's id once the answer is there.
"""

import codecs
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing

import msgspec

from stoa.domain.playground import ApiHead, ApiRequest, ModelApi, PlaygroundForm
from stoa.domain.usage import UsageFact
from stoa.errors import StoaError

PATHS: Mapping[PlaygroundForm, str] = {
    "chat": "/v1/chat/completions",
    "messages": "/v1/messages",
    "responses": "/v1/responses",
}
_JSON = {"content-type": "application/json"}
_HEADERS: Mapping[PlaygroundForm, Mapping[str, str]] = {
    "chat": _JSON,
    "messages": _JSON | {"anthropic-version": "2023-06-01"},
    "responses": _JSON,
}
FORWARDED = ("cache-control", "anthropic-beta", "x-stoa-tags")
"""Headers that change what is asked, and go on to the gateway."""

_SHOWN = ("content-type", "retry-after", "request-id", "age", "cache-control")  # and those that begin with x-


class Sent(msgspec.Struct, frozen=True):
    """What goes to the gateway, without the credential and the body, which the asker has."""

    method: str
    path: str
    headers: Mapping[str, str]


class Begun(msgspec.Struct, frozen=True):
    """The answer's head. `request_id` names the usage fact."""

    status: int
    headers: Mapping[str, str]
    request_id: str | None
    after_ms: float


class Piece(msgspec.Struct, frozen=True):
    """More of the answer's body."""

    text: str


class Finished(msgspec.Struct, frozen=True):
    """The answer is over, well or with an error of the way to it. `first_token_ms` is of streams that began to answer."""

    first_token_ms: float | None
    total_ms: float
    error: StoaError | None


class Accounted(msgspec.Struct, frozen=True):
    """What was billed. Without a fact it is not known yet, or, where `billed` is false, nothing was asked of a model."""

    fact: UsageFact | None
    billed: bool


PlaygroundEvent = Sent | Begun | Piece | Finished | Accounted


async def play(
    form: PlaygroundForm,
    body: bytes,
    *,
    path: str | None = None,
    headers: Mapping[str, str],
    user_id: str,
    api: ModelApi,
    fact_of: Callable[[str], Awaitable[UsageFact | None]],
    now_ms: Callable[[], float],
) -> AsyncGenerator[PlaygroundEvent]:
    """Ask, and tell what happens. `path` is the form's own unless told otherwise; `headers` are of `FORWARDED`.

    `now_ms` is any clock. Closing it stops the target.
    """
    request = ApiRequest(path or PATHS[form], {**_HEADERS[form], **headers}, body)
    yield Sent("POST", request.path, request.headers)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    head, first_ms, error, started = None, None, None, now_ms()
    try:
        async with aclosing(api.call(request, user_id=user_id)) as answer:
            async for part in answer:
                if isinstance(part, ApiHead):
                    head = part
                    yield _begun(head, now_ms() - started)
                    continue
                if first_ms is None and head is not None and _is_stream(head):
                    first_ms = now_ms() - started
                text = decoder.decode(part)
                if text:
                    yield Piece(text)
    except StoaError as failure:
        error = failure
    yield Finished(first_ms, now_ms() - started, error)
    if head is not None:
        yield await _account(head, fact_of)


async def _account(head: ApiHead, fact_of: Callable[[str], Awaitable[UsageFact | None]]) -> Accounted:
    """A refusal before anything was asked of a model names no cost, and leaves no fact."""
    request_id = head.headers.get("x-request-id")
    billed = head.status == 200 or "x-stoa-cost-nano-usd" in head.headers
    return Accounted(await fact_of(request_id) if billed and request_id else None, billed)


def _begun(head: ApiHead, after_ms: float) -> Begun:
    shown = {name: value for name, value in head.headers.items() if name.startswith("x-") or name in _SHOWN}
    return Begun(head.status, shown, head.headers.get("x-request-id"), after_ms)


def _is_stream(head: ApiHead) -> bool:
    return head.status == 200 and head.headers.get("content-type", "").startswith("text/event-stream")
