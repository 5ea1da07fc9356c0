"""Conversations and messages as the API shows them."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from stoa.api.forms import Form, Moment, View, moment
from stoa.domain.conversations import Conversation, Message, MessageState
from stoa.domain.feedback import Feedback, Rating
from stoa.domain.passages import Citation, SentenceCheck, Support


class ConversationView(View):
    id: str
    title: str
    model: str
    created_at: Moment
    updated_at: Moment


class CitationView(View):
    """`n` stands in brackets in the answer; `start` and `end` are characters of the document's text."""

    n: int
    document_id: str
    collection: str
    title: str
    path: str
    heading: list[str]
    page: int | None
    start: int
    end: int
    passage: str
    score: float


class SentenceView(View):
    """A sentence of an answer that states something: characters `start` to `end` of its content.

    `numbers` are those of the passages that it was held against; `missing` the numbers and names that stand in none of them.
    """

    start: int
    end: int
    state: Support
    numbers: list[int]
    missing: list[str]


class MessageUsage(View):
    """What an answer took; null is unknown."""

    prompt_tokens: int | None
    completion_tokens: int | None
    cost_nano_usd: int | None


class FeedbackForm(Form):
    """A judgement, whole: what is left out or null is taken back."""

    rating: Rating | None = None
    emoji: str | None = None
    comment: str | None = None


class MessageView(View):
    """`error` says why an answer failed; what had been written before is in `content`.

    `closest` are passages to look at, of an answer that says that the documents do not tell. `verification` is null where an
    answer was not held against passages.
    """

    id: str
    position: int
    role: Literal["user", "assistant"]
    content: str
    model: str | None
    citations: list[CitationView]
    closest: list[CitationView]
    verification: list[SentenceView] | None
    state: MessageState
    error: str | None
    created_at: Moment
    usage: MessageUsage | None
    feedback: FeedbackForm | None


class ConversationDetail(View):
    conversation: ConversationView
    messages: list[MessageView]


def conversation_view(conversation: Conversation) -> ConversationView:
    return ConversationView(
        id=conversation.id,
        title=conversation.title,
        model=conversation.model,
        created_at=moment(conversation.created_at_ms),
        updated_at=moment(conversation.updated_at_ms),
    )


def citation_view(citation: Citation) -> CitationView:
    return CitationView.model_validate(msgspec.to_builtins(citation))


def sentence_view(sentence: SentenceCheck) -> SentenceView:
    return SentenceView.model_validate(msgspec.to_builtins(sentence))


def feedback_view(feedback: Feedback) -> FeedbackForm:
    return FeedbackForm(rating=feedback.rating, emoji=feedback.emoji, comment=feedback.comment)


def message_view(message: Message, feedback: Feedback | None = None) -> MessageView:
    return MessageView(
        id=message.id,
        position=message.position,
        role=message.role,
        content=message.content,
        model=message.model,
        citations=[citation_view(citation) for citation in message.citations],
        closest=[citation_view(passage) for passage in message.closest],
        verification=None if message.verification is None else [sentence_view(each) for each in message.verification],
        state=message.state,
        error=message.error,
        created_at=moment(message.created_at_ms),
        usage=_usage(message),
        feedback=None if feedback is None else feedback_view(feedback),
    )


def detail_view(
    conversation: Conversation, messages: Sequence[Message], feedback: Mapping[str, Feedback]
) -> ConversationDetail:
    shown = [message_view(message, feedback.get(message.id)) for message in messages]
    return ConversationDetail(conversation=conversation_view(conversation), messages=shown)


def _usage(message: Message) -> MessageUsage | None:
    took = (message.prompt_tokens, message.completion_tokens, message.cost_nano_usd)
    if took == (None, None, None):
        return None
    return MessageUsage(prompt_tokens=took[0], completion_tokens=took[1], cost_nano_usd=took[2])
