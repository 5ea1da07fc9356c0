"""Tokens: the forms in which upstreams report them, and how they are kept here. `accounts.py` reads, `pricing.py` prices."""

from typing import NamedTuple

import msgspec

from stoa.dialects.openai.chat_answer import ChatError

_NOTHING = msgspec.Raw(b"null")


class PromptDetails(msgspec.Struct):
    """Of the prompt's tokens. `cache_write_long` is what a cache keeps for an hour, and counted in `cache_write_tokens` too."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None
    cache_write_long: int | None = None


class CompletionDetails(msgspec.Struct):
    """Of the answer's tokens."""

    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class Usage(msgspec.Struct):
    """The `usage` object of an answer in OpenAI's chat and embeddings form. `raw` is the provider's own, as it came: JSON."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's name for cached_tokens."""
    raw: bytes = msgspec.field(default=b"", name="raw account")


class AnswerAccount(msgspec.Struct):
    usage: msgspec.Raw = _NOTHING
    error: ChatError | str | None = None


class RerankUsage(Usage):
    total_tokens: int | None = None


class RerankAccount(msgspec.Struct):
    usage: RerankUsage | None = None


class CacheWritten(msgspec.Struct):
    ephemeral_1h_input_tokens: int | None = None


class MessagesDetails(msgspec.Struct):
    thinking_tokens: int | None = None
    reasoning_tokens: int | None = None


class MessagesUsage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheWritten | None = None
    input_tokens_details: PromptDetails | None = None
    output_tokens_details: MessagesDetails | None = None


class Beyond(NamedTuple):
    """What a request took that is no token of text. `audio` and `image` are tokens of the prompt, and counted in it too."""

    audio: int = 0
    image: int = 0
    seconds: float | None = None
    """Of sound that was listened to; None is unknown."""
    characters: int | None = None
    """Of text that was spoken; None is unknown."""
    audio_output: int = 0
    """Tokens of sound that was made, counted in the answer's too."""
    written_long: int = 0
    """Tokens of the prompt that were put into a cache for an hour, counted in `Tokens.written` too."""


class OperationUsage(Usage):
    """What an answer of another operation than chat reports, and what is known of its request."""

    beyond: Beyond = Beyond()


NOTHING_BEYOND = Beyond()
