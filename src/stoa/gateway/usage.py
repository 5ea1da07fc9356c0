"""Tokens: what an upstream reports, by class and as it came, and what is estimated when it does not. Prices: `pricing.py`."""

import re
from typing import Literal, NamedTuple

import msgspec

from stoa.dialects.answer import TokenUsage
from stoa.dialects.forms import AnswerFailed
from stoa.dialects.openai.chat_answer import ChatError, error_of

CHARACTERS_PER_TOKEN = 4
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


class _Answer(msgspec.Struct):
    usage: msgspec.Raw = _NOTHING
    error: ChatError | str | None = None


class _RerankUsage(Usage):
    total_tokens: int | None = None


class _Reranked(msgspec.Struct):
    usage: _RerankUsage | None = None


class _Written(msgspec.Struct):
    ephemeral_1h_input_tokens: int | None = None


class _MessagesDetails(msgspec.Struct):
    thinking_tokens: int | None = None
    reasoning_tokens: int | None = None


class _MessagesUsage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: _Written | None = None
    input_tokens_details: PromptDetails | None = None
    output_tokens_details: _MessagesDetails | None = None


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


class Tokens(NamedTuple):
    """How many tokens a request took, and who says so. `cached` are those of the prompt that the provider had in its cache,
    `written` those that it put there, `reasoning` those of the answer that nobody sees; `raw` is its own account, JSON.
    """

    prompt: int | None
    completion: int | None
    told_by: Literal["provider", "estimate", "none"]
    cached: int | None = None
    beyond: Beyond | None = None
    written: int | None = None
    reasoning: int | None = None
    raw: bytes = b""


class OperationUsage(Usage):
    """What an answer of another operation than chat reports, and what is known of its request."""

    beyond: Beyond = Beyond()


NOTHING_BEYOND = Beyond()
NO_TOKENS = Tokens(None, None, "none")
FREE_OF_CHARGE = Tokens(0, 0, "none")

_decode = msgspec.json.Decoder(_Answer).decode
_decode_usage = msgspec.json.Decoder(Usage | None).decode
_decode_reranked = msgspec.json.Decoder(_Reranked).decode
_decode_messages = msgspec.json.Decoder(_MessagesUsage | None).decode
_ACCOUNT = re.compile(
    rb'"(?:usage|usageMetadata|billed_units)"\s*:\s*(\{(?:[^{}"]|"(?:[^"\\]|\\.)*"|\{(?:[^{}"]|"(?:[^"\\]|\\.)*"|\{[^{}]*\})*\})*\})'
)
_LONGEST_ACCOUNT = 4096  # bytes; an account is a few hundred


def account_in(data: bytes) -> bytes:
    """The last account of usage within an answer, or an event of one, as it stands there; empty when there is none.

    In the text of an answer the quotes are escaped, so that nothing a model writes looks like one. The arguments of calls may
    be an object that does; an account comes after them, so it is the last of either name.
    """
    at = max(data.rfind(b'"usage"'), data.rfind(b'"usageMetadata"'))
    if at < 0:
        at = data.rfind(b'"billed_units"')  # where there is a usage, it is a part of that
    found = _ACCOUNT.match(data, at, at + _LONGEST_ACCOUNT) if at >= 0 else None
    return bytes(found[1]) if found is not None else b""


def usage_in(answer: bytes) -> Usage | None:
    """The usage that a whole answer in OpenAI's chat or embeddings form reports.

    Raises ValueError for no JSON object, and AnswerFailed for one that holds an error: some servers refuse with a status of
    success.
    """
    try:
        found = _decode(answer)
        usage = _decode_usage(found.usage)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its answer is not a JSON object: {error}") from None
    if found.error is not None:
        raise AnswerFailed(error_of(found.error, 0))
    if usage is not None:
        usage.raw = bytes(found.usage)
    return usage


def rerank_usage_in(answer: bytes) -> Usage | None:
    """The same of a rerank, where some tell the total alone, and some count searches instead of tokens."""
    try:
        told = _decode_reranked(answer).usage
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its answer is not a JSON object: {error}") from None
    if told is None or (read := told.prompt_tokens or told.total_tokens) is None:
        return None
    return Usage(read, told.completion_tokens, raw=account_in(answer))


def messages_usage_in(answer: bytes) -> Usage | None:
    """The same of Anthropic's form, whose input tokens are without the cached ones, and of OpenAI's newer forms."""
    try:
        found = _decode(answer)
        told = _decode_messages(found.usage)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its answer is not a JSON object: {error}") from None
    if found.error is not None:
        raise AnswerFailed(error_of(found.error, 0))
    if told is None or told.input_tokens is None:
        return None
    raw, thought = bytes(found.usage), told.output_tokens_details
    details = None
    if thought is not None:
        details = CompletionDetails(thought.reasoning_tokens if thought.thinking_tokens is None else thought.thinking_tokens)
    if told.input_tokens_details is not None:
        return Usage(told.input_tokens, told.output_tokens, told.input_tokens_details, details, raw=raw)
    read, written = told.cache_read_input_tokens or 0, told.cache_creation_input_tokens
    long = told.cache_creation.ephemeral_1h_input_tokens if told.cache_creation is not None else None
    cached = PromptDetails(read, written, cache_write_long=long)
    return Usage(told.input_tokens + read + (written or 0), told.output_tokens, cached, details, raw=raw)


def usage_of(told: TokenUsage | None, raw: bytes = b"") -> Usage | None:
    """What a translated answer reports."""
    if told is None or told.input is None:
        return None
    prompt = PromptDetails(told.cache_read, told.cache_write, told.audio_input)
    return Usage(told.input, told.output, prompt, CompletionDetails(told.reasoning, told.audio_output), raw=raw)


def tokens_told(usage: Usage) -> Tokens:
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    cached, written, reasoning, beyond = usage.prompt_cache_hit_tokens, None, None, None
    if prompt is not None:
        cached = cached if prompt.cached_tokens is None else prompt.cached_tokens
        written = prompt.cache_write_tokens
        if prompt.audio_tokens or prompt.image_tokens or prompt.cache_write_long:
            beyond = Beyond(prompt.audio_tokens or 0, prompt.image_tokens or 0, written_long=prompt.cache_write_long or 0)
    if completion is not None:
        reasoning = completion.reasoning_tokens
        if completion.audio_tokens:
            beyond = (beyond or Beyond())._replace(audio_output=completion.audio_tokens)
    return Tokens(usage.prompt_tokens, usage.completion_tokens or 0, "provider", cached, beyond, written, reasoning, usage.raw)


def measured(usage: Usage | None, characters: int | None = None) -> Tokens:
    """What was reported, and the `characters` that were to be spoken: for operations whose bytes say nothing of tokens."""
    told = tokens_told(usage) if usage is not None else NO_TOKENS
    beyond = usage.beyond if isinstance(usage, OperationUsage) else told.beyond
    if characters is not None:
        beyond = (beyond or Beyond())._replace(characters=characters)
    if told.prompt is None:
        return Tokens(None, None, "none", beyond=beyond, raw=told.raw)
    return told._replace(beyond=beyond)


def tokens_in(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)
