"""Asking in a conversation: the answer comes as server-sent events while it is written.

`started`, then `delta`, `citations`, `closest` and `verification`, then `ended` or `failed`. Closing the connection stops the
answer; what was written is kept.
"""

from typing import Annotated, assert_never

from fastapi import APIRouter, Path
from pydantic import ConfigDict

from stoa.api.access import Caller, Parts, allow
from stoa.api.conversations import Id
from stoa.api.description import events
from stoa.api.events import EventStream, event, kept_alive
from stoa.api.forms import Form, View
from stoa.api.messages import (
    CitationView,
    ConversationView,
    MessageView,
    SentenceView,
    citation_view,
    conversation_view,
    message_view,
    sentence_view,
)
from stoa.api.refusals import body
from stoa.control.turns import Cited, Closest, Delta, Ended, Failed, Started, Turn, TurnEvent, Verified

router = APIRouter(prefix="/api/conversations", tags=["conversations"])

_EVENTS = events("started", "delta", "citations", "closest", "verification", "ended", "failed")


class NewTurn(Form):
    """`replaces` is an earlier question: it, and all behind it, gives way to this one."""

    model_config = ConfigDict(str_strip_whitespace=False)

    content: str
    model: str | None = None
    replaces: str | None = None


class Regeneration(Form):
    model: str | None = None


class StartedEvent(View):
    user_message: MessageView
    assistant_message: MessageView


class DeltaEvent(View):
    text: str


class CitationsEvent(View):
    citations: list[CitationView]


class ClosestEvent(View):
    """Where to look, of an answer that says that the documents do not tell."""

    closest: list[CitationView]


class VerificationEvent(View):
    verification: list[SentenceView]


class EndedEvent(View):
    message: MessageView
    conversation: ConversationView


class FailedEvent(View):
    error: dict[str, str | None]
    message: MessageView


@router.post("/{id}/turns", response_class=EventStream, responses=_EVENTS)
async def ask(
    conversation_id: Id, new: NewTurn, caller: Annotated[Caller, allow("conversation:update")], parts: Parts
) -> EventStream:
    """Ask a question. Refused with 409 while another answer is being written in this conversation."""
    turn = await parts.turns.ask(
        conversation_id, new.content, user_id=caller.principal.id, model=new.model, replaces=new.replaces
    )
    return _stream(turn)


@router.post("/{id}/messages/{message_id}/regenerate", response_class=EventStream, responses=_EVENTS)
async def regenerate(
    conversation_id: Id,
    message_id: Annotated[str, Path()],
    chosen: Regeneration,
    caller: Annotated[Caller, allow("conversation:update")],
    parts: Parts,
) -> EventStream:
    """Answer an earlier question anew. The answer named here gives way, and all behind it."""
    return _stream(await parts.turns.regenerate(conversation_id, message_id, user_id=caller.principal.id, model=chosen.model))


def _stream(turn: Turn) -> EventStream:
    return EventStream(kept_alive(turn, _encoded), on_close=turn.stop)


def _encoded(happened: TurnEvent) -> bytes:
    match happened:
        case Started(user_message=question, assistant_message=answer):
            return event("started", StartedEvent(user_message=message_view(question), assistant_message=message_view(answer)))
        case Delta(text=text):
            return event("delta", DeltaEvent(text=text))
        case Cited(citations=citations):
            return event("citations", CitationsEvent(citations=[citation_view(citation) for citation in citations]))
        case Closest(passages=passages):
            return event("closest", ClosestEvent(closest=[citation_view(passage) for passage in passages]))
        case Verified(sentences=sentences):
            return event("verification", VerificationEvent(verification=[sentence_view(each) for each in sentences]))
        case Ended(message=message, conversation=conversation):
            ended = EndedEvent(message=message_view(message), conversation=conversation_view(conversation))
            return event("ended", ended)
        case Failed(error=error, message=message):
            return event("failed", FailedEvent(error=body(error), message=message_view(message)))
        case _:
            assert_never(happened)
