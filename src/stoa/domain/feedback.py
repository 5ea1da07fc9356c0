"""What a person thought of an answer: facts that are only added to, of which the latest counts."""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

Rating = Literal["up", "down"]


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """One judgement, whole: it stands for all that the person thinks of the message, so None takes a part back."""

    rating: Rating | None = None
    emoji: str | None = None
    comment: str | None = None


class FeedbackFact(Feedback, frozen=True, kw_only=True):
    """A judgement with who gave it, on what and when."""

    id: str
    at_ms: int
    user_id: str
    conversation_id: str
    message_id: str


class FeedbackStore(Protocol):
    """The feedback of one transaction."""

    async def insert(self, fact: FeedbackFact) -> None: ...

    async def latest(self, conversation_id: str) -> Mapping[str, Feedback]:
        """The present judgement by message id; a message whose judgement was taken back wholly is left out."""
        ...

    async def remove(self, conversation_id: str) -> None:
        """Forget what was said about a conversation that its owner deletes."""
        ...
