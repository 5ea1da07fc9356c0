"""A user's conversations: begin, find, rename, delete. Nobody but the owner learns that one exists."""

from collections.abc import Sequence

import msgspec

from stoa.domain.conversations import UNTITLED, Conversation, ConversationStore, Message, Place, TalkStore
from stoa.domain.feedback import FeedbackStore
from stoa.errors import InvalidRequest, NotFound
from stoa.kit.ids import new_id

TITLE_CHARS = 200
MODEL_CHARS = 80

LEASE_MS = 10_000
"""An answer is touched every second while it is written; one untouched for so long has nobody who writes it."""

ABANDONED = "Stoa was stopped while it was writing this answer. What had been written is kept; ask again for a whole one."


async def create_conversation(
    store: ConversationStore, *, user_id: str, model: str, title: str | None = None, now_ms: int
) -> Conversation:
    """An empty conversation with a model, or with an assistant. Whether that exists is found out by the first question."""
    conversation = Conversation(
        id=new_id("conv"), user_id=user_id, model=checked_model(model), created_at_ms=now_ms, updated_at_ms=now_ms,
        title=UNTITLED if title is None else _checked_title(title),
    )  # fmt: skip
    await store.save(conversation)
    return conversation


async def owned(store: ConversationStore, conversation_id: str, *, user_id: str, lock: bool = False) -> Conversation:
    """The conversation, if it is this user's. Raises NotFound for everybody else."""
    found = await store.find(conversation_id, user_id=user_id, lock=lock)
    if found is None:
        raise NotFound(f"There is no conversation {conversation_id!r}.")
    return found


async def open_conversation(
    store: TalkStore, conversation_id: str, *, user_id: str, now_ms: int
) -> tuple[Conversation, Sequence[Message]]:
    """The conversation with its messages; an answer whose writer died is shown as failed."""
    conversation = await owned(store, conversation_id, user_id=user_id)
    messages = await store.messages(conversation.id)
    if now_ms - conversation.updated_at_ms <= LEASE_MS:
        return conversation, messages
    return conversation, [_failed(each) if each.state == "streaming" else each for each in messages]


async def list_conversations(
    store: ConversationStore, *, user_id: str, search: str = "", after: Place | None = None, limit: int
) -> Sequence[Conversation]:
    """Latest first, from behind `after`; with `search`, those whose title or messages contain it."""
    return await store.page(user_id, search=search.replace("\0", "").strip(), after=after, limit=limit)


async def rename_conversation(store: ConversationStore, conversation_id: str, *, user_id: str, title: str) -> Conversation:
    """Its place in the list stays."""
    conversation = await owned(store, conversation_id, user_id=user_id, lock=True)
    renamed = msgspec.structs.replace(conversation, title=_checked_title(title))
    await store.save(renamed)
    return renamed


async def delete_conversation(store: ConversationStore, feedback: FeedbackStore, conversation_id: str, *, user_id: str) -> None:
    """Delete it with its messages and what its owner said about them. An answer under way ends within a second."""
    conversation = await owned(store, conversation_id, user_id=user_id, lock=True)
    await feedback.remove(conversation.id)
    await store.remove(conversation.id)


def checked_model(model: str) -> str:
    """Raises InvalidRequest for a name that no model can have."""
    if not 0 < len(model) <= MODEL_CHARS or not model.isprintable():
        raise InvalidRequest(
            f"model must be a name of 1 to {MODEL_CHARS} characters, but it is {model[:100]!r}.", param="model"
        )
    return model


def title_from(question: str, *, limit: int = 60) -> str:
    """A title from the first question: its beginning, cut between words."""
    text = " ".join(question.split())
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    whole_words = head.rpartition(" ")[0] if " " in head[limit // 2 :] else head
    return f"{whole_words.rstrip(' ,.;:–-')}…"


def _checked_title(title: str) -> str:
    text = " ".join(title.replace("\0", "").split())
    if not 0 < len(text) <= TITLE_CHARS:
        raise InvalidRequest(f"title must have 1 to {TITLE_CHARS} characters, but it has {len(text)}.", param="title")
    return text


def _failed(message: Message) -> Message:
    return msgspec.structs.replace(message, state="failed", error=ABANDONED)
