"""The beginning of a turn: one transaction that puts the question and an empty answer into the conversation.

An answer that is `streaming` is the conversation's lock: no second turn begins beside it, on whichever replica.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from stoa.control.conversations import ABANDONED, LEASE_MS, checked_model, owned, title_from
from stoa.domain.chat import ChatMessage
from stoa.domain.conversations import UNTITLED, Conversation, Message, TalkStore
from stoa.errors import Conflict, InvalidRequest, NotFound
from stoa.kit.ids import new_id

QUESTION_CHARS = 200_000


@dataclass(frozen=True, slots=True)
class Opening:
    """What a turn starts from: `history` goes to the model and ends with the question."""

    conversation: Conversation
    question: Message
    answer: Message
    history: tuple[ChatMessage, ...]


async def open_question(
    store: TalkStore,
    conversation_id: str,
    content: str,
    *,
    user_id: str,
    model: str | None = None,
    replaces: str | None = None,
    now_ms: int,
) -> Opening:
    """Add a question. `replaces` is an earlier one: it goes, with all behind it, and this one takes its place.

    Raises NotFound, Conflict while another answer is being written, and InvalidRequest for an empty or oversized question.
    """
    text = content.replace("\0", "")
    if not 0 < len(text.strip()) <= QUESTION_CHARS:
        raise InvalidRequest(
            f"content must have 1 to {QUESTION_CHARS:,} characters, but it has {len(text):,}.", param="content"
        )
    conversation, messages = await _locked(store, conversation_id, user_id=user_id, now_ms=now_ms)
    if replaces is not None:
        replaced = _named(messages, replaces, role="user", param="replaces")
        messages = await _cut(store, messages, replaced)
    position = messages[-1].position + 1 if messages else 0
    question = Message(
        id=new_id("msg"), conversation_id=conversation.id, position=position, role="user", content=text, created_at_ms=now_ms
    )
    await store.add([question])
    if conversation.title == UNTITLED:
        conversation = msgspec.structs.replace(conversation, title=title_from(text))
    return await _open(store, conversation, [*messages, question], model=model, now_ms=now_ms)


async def reopen_question(
    store: TalkStore, conversation_id: str, message_id: str, *, user_id: str, model: str | None = None, now_ms: int
) -> Opening:
    """Drop an answer, with all behind it, so that its question is answered anew. Raises as `open_question` does."""
    conversation, messages = await _locked(store, conversation_id, user_id=user_id, now_ms=now_ms)
    answer = _named(messages, message_id, role="assistant", param="message_id")
    return await _open(store, conversation, await _cut(store, messages, answer), model=model, now_ms=now_ms)


async def _locked(
    store: TalkStore, conversation_id: str, *, user_id: str, now_ms: int
) -> tuple[Conversation, Sequence[Message]]:
    conversation = await owned(store, conversation_id, user_id=user_id, lock=True)
    await store.fail_abandoned(ABANDONED, silent_since_ms=now_ms - LEASE_MS, conversation_id=conversation.id)
    messages = await store.messages(conversation.id)
    if any(message.state == "streaming" for message in messages):
        raise Conflict(
            f"An answer in conversation {conversation.id!r} is still being written. Stop it or wait for its end, then ask.",
            code="turn_in_progress",
        )
    return conversation, messages


async def _open(
    store: TalkStore, conversation: Conversation, messages: Sequence[Message], *, model: str | None, now_ms: int
) -> Opening:
    """Put the empty answer behind `messages`, which end with its question."""
    chosen = conversation.model if model is None else checked_model(model)
    conversation = msgspec.structs.replace(conversation, model=chosen, updated_at_ms=now_ms)
    question = messages[-1]
    answer = Message(
        id=new_id("msg"), conversation_id=conversation.id, position=question.position + 1, role="assistant", content="",
        created_at_ms=now_ms, model=chosen, state="streaming",
    )  # fmt: skip
    await store.add([answer])
    await store.save(conversation)
    history = tuple(ChatMessage(message.role, message.content) for message in messages if message.content)
    return Opening(conversation, question, answer, history)


async def _cut(store: TalkStore, messages: Sequence[Message], at: Message) -> Sequence[Message]:
    await store.cut(at.conversation_id, position=at.position)
    return [message for message in messages if message.position < at.position]


def _named(messages: Sequence[Message], message_id: str, *, role: str, param: str) -> Message:
    for message in messages:
        if message.id == message_id and message.role == role:
            return message
    kind = "question" if role == "user" else "answer"
    raise NotFound(f"There is no {kind} {message_id!r} in this conversation.", param=param)
