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
    given = Feedback(rating=feedback.rating, emoji=_clean(feedback.emoji), comment=_clean(feedback.comment) or None)
    if given.emoji is not None and not 0 < len(given.emoji) <= EMOJI_CHARS:
        raise InvalidRequest(f"emoji must be one emoji, but it has {len(given.emoji)} characters.", param="emoji")
    if given.comment is not None and len(given.comment) > COMMENT_CHARS:
        raise InvalidRequest(
            f"comment may have {COMMENT_CHARS:,} characters, but it has {len(given.comment):,}.", param="comment"
        )
    fact = FeedbackFact(
        id=new_id("fb"), at_ms=now_ms, user_id=user_id, conversation_id=message.conversation_id, message_id=on,
        rating=given.rating, emoji=given.emoji, comment=given.comment,
    )  # fmt: skip
    await store.insert(fact)
    return given


def _clean(text: str | None) -> str | None:
    return None if text is None else text.replace("\0", "").strip()
