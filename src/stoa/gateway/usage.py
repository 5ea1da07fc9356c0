"""Tokens and money: what an upstream reports, what is estimated when it does not, and what it costs."""

from typing import Literal, NamedTuple

import msgspec

from stoa.dialects.answer import TokenUsage
from stoa.dialects.forms import AnswerFailed
from stoa.dialects.openai.chat_answer import ChatError, error_of
from stoa.domain.snapshot import ModelPrice

CHARACTERS_PER_TOKEN = 4


class CachedTokens(msgspec.Struct):
    """Details of the prompt's tokens."""

    cached_tokens: int | None = None


class Usage(msgspec.Struct):
    """The `usage` object of an answer in OpenAI's chat and embeddings form."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: CachedTokens | None = None


class _Answer(msgspec.Struct):
    usage: Usage | None = None
    error: ChatError | str | None = None


class _RerankUsage(Usage):
    total_tokens: int | None = None


class _Reranked(msgspec.Struct):
    usage: _RerankUsage | None = None


class _MessagesUsage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    input_tokens_details: CachedTokens | None = None


class _MessagesAnswer(msgspec.Struct):
    usage: _MessagesUsage | None = None
    error: ChatError | str | None = None


class Beyond(NamedTuple):
    """What a request took that is no token of text. `audio` and `image` are tokens of the prompt, and counted in it too."""

    audio: int = 0
    image: int = 0
    seconds: float | None = None
    """Of sound that was listened to; None is unknown."""
    characters: int | None = None
    """Of text that was spoken; None is unknown."""


class Tokens(NamedTuple):
    """How many tokens a request took, and who says so. `cached` are those of the prompt that the provider had in its cache."""

    prompt: int | None
    completion: int | None
    told_by: Literal["provider", "estimate", "none"]
    cached: int | None = None
    beyond: Beyond | None = None


class OperationUsage(Usage):
    """What an answer of another operation than chat reports, and what is known of its request."""

    beyond: Beyond = Beyond()


NO_TOKENS = Tokens(None, None, "none")
FREE_OF_CHARGE = Tokens(0, 0, "none")

_decode = msgspec.json.Decoder(_Answer).decode
_decode_reranked = msgspec.json.Decoder(_Reranked).decode
_decode_messages = msgspec.json.Decoder(_MessagesAnswer).decode


def usage_in(answer: bytes) -> Usage | None:
    """The usage that a whole answer in OpenAI's chat or embeddings form reports.

    Raises ValueError for no JSON object, and AnswerFailed for one that holds an error: some servers refuse with a status of
    success.
    """
    try:
        found = _decode(answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its answer is not a JSON object: {error}") from None
    if found.error is not None:
        raise AnswerFailed(error_of(found.error, 0))
    return found.usage


def rerank_usage_in(answer: bytes) -> Usage | None:
    """The same of a rerank, where some tell the total alone, and some count searches instead of tokens."""
    try:
        told = _decode_reranked(answer).usage
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its answer is not a JSON object: {error}") from None
    if told is None or (read := told.prompt_tokens or told.total_tokens) is None:
        return None
    return Usage(read, told.completion_tokens)


def messages_usage_in(answer: bytes) -> Usage | None:
    """The same of Anthropic's form, whose input tokens are without the cached ones, and of OpenAI's newer forms."""
    try:
        found = _decode_messages(answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its answer is not a JSON object: {error}") from None
    if found.error is not None:
        raise AnswerFailed(error_of(found.error, 0))
    told = found.usage
    if told is None or told.input_tokens is None:
        return None
    if told.input_tokens_details is not None:
        return Usage(told.input_tokens, told.output_tokens, told.input_tokens_details)
    read = told.cache_read_input_tokens or 0
    whole = told.input_tokens + read + (told.cache_creation_input_tokens or 0)
    return Usage(whole, told.output_tokens, CachedTokens(read))


def usage_of(told: TokenUsage | None) -> Usage | None:
    """What a translated answer reports."""
    if told is None or told.input is None:
        return None
    return Usage(told.input, told.output, CachedTokens(told.cache_read))


def tokens_of(usage: Usage | None, *, prompt_characters: int, answer_characters: int) -> Tokens:
    """What was reported, else four characters a token."""
    if usage is not None and usage.prompt_tokens is not None:
        return tokens_told(usage)
    return Tokens(tokens_in(prompt_characters), tokens_in(answer_characters), "estimate")


def tokens_told(usage: Usage) -> Tokens:
    details = usage.prompt_tokens_details
    cached = details.cached_tokens if details is not None else None
    return Tokens(usage.prompt_tokens, usage.completion_tokens or 0, "provider", cached)


def measured(usage: Usage | None, characters: int | None = None) -> Tokens:
    """What was reported, and the `characters` that were to be spoken: for operations whose bytes say nothing of tokens."""
    beyond = usage.beyond if isinstance(usage, OperationUsage) else None
    if characters is not None:
        beyond = (beyond or Beyond())._replace(characters=characters)
    if usage is None or usage.prompt_tokens is None:
        return Tokens(None, None, "none", beyond=beyond)
    return tokens_told(usage)._replace(beyond=beyond)


def tokens_in(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


def cost_of(price: ModelPrice | None, tokens: Tokens) -> int | None:
    """Nano-dollars; None when the price or what it is for is not known."""
    if tokens is FREE_OF_CHARGE:
        return 0
    if price is None:
        return None
    if tokens.beyond is not None or price.second is not None or price.character is not None:
        return _cost_beyond(price, tokens, tokens.beyond or Beyond())
    if tokens.prompt is None or tokens.completion is None:
        return 0 if price.is_free else None
    return round(tokens.prompt * price.input + tokens.completion * price.output + (price.request or 0))


def _cost_beyond(price: ModelPrice, tokens: Tokens, beyond: Beyond) -> int | None:
    """By seconds or characters where the price is for them, else by tokens of each kind."""
    by_request = price.request or 0
    if price.second is not None:
        return None if beyond.seconds is None else round(beyond.seconds * price.second + by_request)
    if price.character is not None:
        return None if beyond.characters is None else round(beyond.characters * price.character + by_request)
    if tokens.prompt is None or tokens.completion is None:
        return 0 if price.is_free else None
    audio = beyond.audio * ((price.input if price.audio_input is None else price.audio_input) - price.input)
    image = beyond.image * ((price.input if price.image_input is None else price.image_input) - price.input)
    return round(tokens.prompt * price.input + audio + image + tokens.completion * price.output + by_request)
