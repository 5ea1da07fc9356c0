"""The form in the middle, the way back: an answer whole, or as the events of a stream."""

from typing import Literal

import msgspec

from stoa.dialects.conversation import Fields, Part
from stoa.domain.operations import ErrorClass

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "pause"]


class TokenUsage(msgspec.Struct, kw_only=True, frozen=True):
    """Tokens by class. `input` includes what was read from and written to the provider's cache; `output` includes reasoning."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    audio_input: int | None = None
    audio_output: int | None = None


class Choice(msgspec.Struct, kw_only=True):
    """One of the answers. `logprobs` is in OpenAI's form."""

    content: list[Part]
    finish: FinishReason = "stop"
    stop_sequence: str | None = None
    logprobs: Fields | None = None


class Answer(msgspec.Struct, kw_only=True):
    """A whole answer. `created_s` is unix seconds."""

    id: str
    model: str
    choices: list[Choice]
    created_s: int | None = None
    usage: TokenUsage | None = None
    service_tier: str | None = None
    annotations: list[Fields] = []
    """In the form of OpenAI's chat, such as url_citation."""
    stoa: object = None
    """Stoa's own object (citations, cost), to be put where the dialect has room."""


# --- the events of a stream, in the order in which they come: Started, parts, Finished, Usage, Ended; or Failed at any point


class Started(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    model: str
    created_s: int | None = None
    usage: TokenUsage | None = None
    """What is known of it at the beginning: Anthropic tells the input tokens first."""


class TextPiece(msgspec.Struct, frozen=True):
    text: str
    choice: int = 0
    logprobs: Fields | None = None


class AnnotationPiece(msgspec.Struct, frozen=True):
    """One annotation of the text so far, in the form of OpenAI's chat."""

    annotation: Fields
    choice: int = 0


class RefusalPiece(msgspec.Struct, frozen=True):
    text: str
    choice: int = 0


class ThinkingPiece(msgspec.Struct, frozen=True):
    """Text of thinking, or the signature that ends it, or redacted thinking whole."""

    text: str = ""
    signature: str | None = None
    redacted: str | None = None
    choice: int = 0


class ToolCallStarted(msgspec.Struct, frozen=True):
    """`number` counts the calls of one answer from 0; the pieces of several may come mixed."""

    number: int
    id: str
    name: str
    choice: int = 0


class ToolCallPiece(msgspec.Struct, frozen=True):
    """The next piece of a call's arguments, JSON text."""

    number: int
    arguments: str
    choice: int = 0


class Finished(msgspec.Struct, frozen=True):
    finish: FinishReason
    stop_sequence: str | None = None
    choice: int = 0


class UsageTold(msgspec.Struct, frozen=True):
    """Replaces what was told before, field by field where it is not None."""

    usage: TokenUsage


class Failed(msgspec.Struct, frozen=True):
    """An error within the stream."""

    message: str
    error_class: ErrorClass = "server_error"
    code: str | None = None


class Ended(msgspec.Struct, frozen=True):
    """The terminal marker: the stream is whole."""


Event = (
    Started
    | TextPiece
    | AnnotationPiece
    | RefusalPiece
    | ThinkingPiece
    | ToolCallStarted
    | ToolCallPiece
    | Finished
    | UsageTold
    | Failed
    | Ended
)
