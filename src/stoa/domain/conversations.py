"""Conversations and their messages, private to one user, and the store that keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from stoa.domain.chat import ChatRole
from stoa.domain.passages import Citation, SentenceCheck

MessageState = Literal["complete", "streaming", "stopped", "failed"]

UNTITLED = "New conversation"
"""The title until the first question gives it one."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """`updated_at_ms` also tells that an answer is still being written: it moves on about every second."""

    id: str
    user_id: str
    title: str
    model: str
    created_at_ms: int
    updated_at_ms: int


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A question, always complete, or an answer: `streaming` while it is written, then one of the other states."""

    id: str
    conversation_id: str
    position: int
    role: ChatRole
    content: str
    created_at_ms: int
    model: str | None = None
    citations: tuple[Citation, ...] = ()
    closest: tuple[Citation, ...] = ()
    """Where to look, of an answer that says that the documents do not tell."""
    verification: tuple[SentenceCheck, ...] | None = None
    """None where the answer was not held against passages."""
    state: MessageState = "complete"
    error: str | None = None
    """Why it failed, for the reader."""
    request_id: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_nano_usd: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of conversations ended; the next one starts behind it."""

    updated_at_ms: int
    id: str


class ConversationStore(Protocol):
    """The conversations of one transaction. Whoever is not the owner finds nothing."""

    async def find(self, conversation_id: str, *, user_id: str, lock: bool = False) -> Conversation | None:
        """`lock` makes other transactions that lock it wait until this one ends."""
        ...

    async def page(self, user_id: str, *, search: str, after: Place | None, limit: int) -> Sequence[Conversation]:
        """Latest first; those whose title or a message contains `search`, in either case, all if it is empty."""
        ...

    async def save(self, conversation: Conversation) -> None:
        """Add it, or replace what is there under its id."""
        ...

    async def remove(self, conversation_id: str) -> None:
        """Delete it with its messages."""
        ...


class MessageStore(Protocol):
    """The messages of one transaction. Whose they are is asked of the conversation first."""

    async def messages(self, conversation_id: str) -> Sequence[Message]:
        """In order."""
        ...

    async def message(self, message_id: str, *, user_id: str) -> Message | None: ...

    async def add(self, new: Sequence[Message]) -> None: ...

    async def cut(self, conversation_id: str, *, position: int) -> None:
        """Delete the message at this position and all behind it."""
        ...

    async def write(self, message: Message, *, now_ms: int) -> bool:
        """Put down an answer as it is now, and that its conversation is alive; False when the message is no longer there."""
        ...

    async def fail_abandoned(self, reason: str, *, silent_since_ms: int, conversation_id: str | None = None) -> int:
        """Turn streaming answers whose conversation was last touched before then into failed ones; return how many."""
        ...


class TalkStore(ConversationStore, MessageStore, Protocol):
    """Both, in one transaction."""
