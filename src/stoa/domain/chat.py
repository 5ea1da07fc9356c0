"""Asking a model for an answer, piece by piece: the port through which a conversation reaches the gateway."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from stoa.domain.passages import Citation, SentenceCheck

ChatRole = Literal["user", "assistant"]


class ChatMessage(msgspec.Struct, frozen=True):
    role: ChatRole
    content: str


class AnswerBegins(msgspec.Struct, frozen=True):
    """The gateway took the request; the id leads to its usage fact and log lines."""

    request_id: str | None


class AnswerText(msgspec.Struct, frozen=True):
    """The next piece of the answer."""

    text: str


class AnswerCitations(msgspec.Struct, frozen=True):
    """The passages that the bracketed numbers in the text stand for."""

    citations: tuple[Citation, ...]


class AnswerClosest(msgspec.Struct, frozen=True):
    """Of an answer that says that the documents do not tell: the passages that come closest to the question."""

    passages: tuple[Citation, ...]


class AnswerVerification(msgspec.Struct, frozen=True):
    """What those passages say of the text, which is whole now."""

    sentences: tuple[SentenceCheck, ...]


class AnswerUsage(msgspec.Struct, frozen=True):
    """What the answer took; None is not known, and leaves standing what an earlier one said."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_nano_usd: int | None = None


AnswerPiece = AnswerBegins | AnswerText | AnswerCitations | AnswerClosest | AnswerVerification | AnswerUsage


class ChatClient(Protocol):
    """Answers a conversation so far, on behalf of a user.

    The generator ends when the answer is whole. It raises CallerError when the user may not or can ask no more (an unknown
    model, a spent budget) and ProviderError when the answer fails or breaks off. Closing it gives the request up.
    """

    def answer(self, messages: Sequence[ChatMessage], *, model: str, user_id: str) -> AsyncGenerator[AnswerPiece]: ...


class Completer(Protocol):
    """Has one request answered whole, for a team that pays. Any: a chat completion's body as clients write it.

    Gives the text of the answer. Raises ProviderError when there is none, however often that was tried.
    """

    async def complete(self, request: Mapping[str, Any], *, team: str) -> str: ...
