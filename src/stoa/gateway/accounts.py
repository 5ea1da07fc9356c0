"""What an upstream reports of tokens, by class and as it came, and what is estimated when it does not."""

import re

import msgspec

from stoa.dialects.answer import TokenUsage
from stoa.dialects.forms import AnswerFailed
from stoa.dialects.openai.chat_answer import error_of
from stoa.gateway.tokens import NO_TOKENS, Tokens
from stoa.gateway.usage import (
    AnswerAccount,
    Beyond,
    CompletionDetails,
    MessagesUsage,
    OperationUsage,
    PromptDetails,
    RerankAccount,
    Usage,
)

CHARACTERS_PER_TOKEN = 4
_decode = msgspec.json.Decoder(AnswerAccount).decode
_decode_usage = msgspec.json.Decoder(Usage | None).decode
_decode_reranked = msgspec.json.Decoder(RerankAccount).decode
_decode_messages = msgspec.json.Decoder(MessagesUsage | None).decode
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
    return Tokens(told.prompt, told.completion, told.told_by, told.cached, beyond, told.written, told.reasoning, told.raw)


def tokens_in(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)
