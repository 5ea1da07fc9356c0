"""`/api/playground`: one request to one target, in the form and the bytes of an application, told as server-sent events.

`sent`, `head`, any number of `body`, `finished`, and `accounted` unless there was no answer at all. Closing the connection
stops the target.
"""

from typing import Annotated, Any, assert_never

import msgspec
from fastapi import APIRouter, Request

from stoa.api.access import Caller, Parts, allow
from stoa.api.description import events
from stoa.api.events import EventStream, Following, event, kept_alive
from stoa.api.forms import View
from stoa.api.refusals import body
from stoa.api.requests import RequestView, request_view, waited_for
from stoa.control.playground import FORWARDED, Accounted, Begun, Finished, Piece, PlaygroundEvent, Sent, play
from stoa.domain.playground import PlaygroundForm
from stoa.errors import InvalidRequest
from stoa.wiring import clock_ms

router = APIRouter(prefix="/api/playground", tags=["playground"])

_BODY: dict[str, Any] = {  # Any: a piece of an OpenAPI document
    "requestBody": {
        "required": True,
        "description": "What the form's path on /v1 takes. It goes there byte by byte.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
FACT_PATIENCE_S = 5.0


class SentEvent(View):
    """`headers` are those of an application, its credential left out."""

    method: str
    path: str
    headers: dict[str, str]


class HeadEvent(View):
    status: int
    headers: dict[str, str]
    request_id: str | None
    after_ms: float


class BodyEvent(View):
    text: str


class FinishedEvent(View):
    """`first_token_ms` is null for what is no stream; `error` says why the answer is not whole."""

    first_token_ms: float | None
    total_ms: float
    error: dict[str, str | None] | None


class AccountedEvent(View):
    """`request` is null when nothing was billed, or when it is not known yet: `GET /api/usage/requests/{id}` tells later."""

    request: RequestView | None
    billed: bool


TOLD = events("sent", "head", "body", "finished", "accounted")


@router.post(
    "/{form}",
    response_class=EventStream,
    responses=TOLD,
    openapi_extra=_BODY,
)
async def run(
    form: PlaygroundForm, request: Request, caller: Annotated[Caller, allow("playground:run")], parts: Parts
) -> EventStream:
    """Ask a model, a route or an assistant. It is asked, limited and billed as any request of the user's.

    The headers cache-control, anthropic-beta and x-stoa-tags go with it.
    """
    headers = {name: request.headers[name] for name in FORWARDED if name in request.headers}
    played = play(
        form,
        _object(await request.body()),
        headers=headers,
        user_id=caller.principal.id,
        api=parts.model_api,
        fact_of=lambda fact_id: waited_for(parts, fact_id, user_id=caller.principal.id, patience_s=FACT_PATIENCE_S),
        now_ms=clock_ms,
    )
    following = Following(played)
    return EventStream(kept_alive(following, encoded), on_close=following.stop)


def _object(content: bytes) -> bytes:
    """The body as it came, once it is known to be a JSON object; what it says is for the gateway to judge."""
    try:
        _OBJECT.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body must be the request as a JSON object: {error}.", param="body") from error
    return content


def encoded(happened: PlaygroundEvent) -> bytes:
    """As a server-sent event."""
    match happened:
        case Sent(method=method, path=path, headers=headers):
            return event("sent", SentEvent(method=method, path=path, headers=dict(headers)))
        case Begun(status=status, headers=headers, request_id=request_id, after_ms=after_ms):
            return event("head", HeadEvent(status=status, headers=dict(headers), request_id=request_id, after_ms=after_ms))
        case Piece(text=text):
            return event("body", BodyEvent(text=text))
        case Finished(first_token_ms=first, total_ms=total, error=error):
            told = body(error) if error is not None else None
            return event("finished", FinishedEvent(first_token_ms=first, total_ms=total, error=told))
        case Accounted(fact=fact, billed=billed):
            return event("accounted", AccountedEvent(request=request_view(fact) if fact is not None else None, billed=billed))
        case _:
            assert_never(happened)
