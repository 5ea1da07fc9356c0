"""What people say about answers: each judgement is a fact of its own, the latest is the present one."""

from stoa.domain.conversations import MessageStore
from stoa.domain.feedback import Feedback, FeedbackFact, FeedbackStore
from stoa.errors import InvalidRequest, NotFound
from stoa.kit.ids import new_id

COMMENT_CHARS = 10_000
EMOJI_CHARS = 16


async def give_feedback(
    feedback: Feedback, *, on: str, user_id: str, messages: MessageStore, store: FeedbackStore, now_ms: int
) -> Feedback:
    """Judge the answer with the id `on`. Raises NotFound unless it stands in a conversation of this user."""
    message = await messages.message(on, user_id=user_id)
    if message is None:
        raise NotFound(f"There is no message {on!r}.")
    if message.role != "assistant":
        raise InvalidRequest("Feedback is for answers; this message is a question.")
    if feedback.emoji is not None and not 0 < len(feedback.emoji) <= EMOJI_CHARS:
        raise InvalidRequest(f"emoji must be one emoji, but it has {len(feedback.emoji)} characters.", param="emoji")
    if feedback.comment is not None and len(feedback.comment) > COMMENT_CHARS:
        raise InvalidRequest(
            f"comment may have {COMMENT_CHARS:,} characters, but it has {len(feedback.comment):,}.", param="comment"
        )
    given = Feedback(rating=feedback.rating, emoji=feedback.emoji, comment=(feedback.comment or "").strip() or None)
    await store.insert(
        FeedbackFact(
            id=new_id("fb"), at_ms=now_ms, user_id=user_id, conversation_id=message.conversation_id, message_id=on,
            rating=given.rating, emoji=given.emoji, comment=given.comment,
        )
    )  # fmt: skip
    return given
