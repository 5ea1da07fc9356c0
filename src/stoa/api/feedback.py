"""`/api/messages/{id}/feedback`: what the reader thinks of an answer."""

from typing import Annotated

from fastapi import APIRouter, Path

from stoa.adapters.database.conversations import ConversationTables
from stoa.adapters.database.feedback import FeedbackTable
from stoa.api.access import Caller, Parts, allow
from stoa.api.messages import FeedbackForm, feedback_view
from stoa.domain.feedback import Feedback
from stoa.ledger.feedback import give_feedback
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/messages", tags=["conversations"])


@router.put("/{id}/feedback")
async def put_feedback(
    message_id: Annotated[str, Path(alias="id")],
    sent: FeedbackForm,
    caller: Annotated[Caller, allow("feedback:create")],
    parts: Parts,
) -> FeedbackForm:
    """Say all of it: what is left out is taken back. Earlier judgements stay on record as facts."""
    async with parts.database.write() as connection:
        given = await give_feedback(
            Feedback(rating=sent.rating, emoji=sent.emoji, comment=sent.comment),
            on=message_id,
            user_id=caller.principal.id,
            messages=ConversationTables(connection),
            store=FeedbackTable(connection),
            now_ms=now_ms(),
        )
    return feedback_view(given)
