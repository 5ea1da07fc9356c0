"""The `usage` of OpenAI's chat completions, and the legacy ones, both ways."""

import msgspec

from stoa.dialects.answer import TokenUsage
from stoa.dialects.conversation import Fields


class PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None


class CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class ChatUsage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's name for cached_tokens."""


_NO_PROMPT = PromptDetails()
_NO_COMPLETION = CompletionDetails()


def read_usage(usage: ChatUsage | None) -> TokenUsage | None:
    if usage is None:
        return None
    prompt = usage.prompt_tokens_details or _NO_PROMPT
    completion = usage.completion_tokens_details or _NO_COMPLETION
    return TokenUsage(
        input=usage.prompt_tokens,
        output=usage.completion_tokens,
        cache_read=usage.prompt_cache_hit_tokens if prompt.cached_tokens is None else prompt.cached_tokens,
        cache_write=prompt.cache_write_tokens,
        reasoning=completion.reasoning_tokens,
        audio_input=prompt.audio_tokens,
        audio_output=completion.audio_tokens,
    )


def write_usage(usage: TokenUsage | None) -> Fields:
    """Numbers that nobody told are 0: the dialect has no other word for it."""
    usage = usage or TokenUsage()
    given, made = usage.input or 0, usage.output or 0
    written: Fields = {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
    prompt = {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write, "audio_tokens": usage.audio_input}
    completion = {"reasoning_tokens": usage.reasoning, "audio_tokens": usage.audio_output}
    for name, details in (("prompt_tokens_details", prompt), ("completion_tokens_details", completion)):
        told = {key: value for key, value in details.items() if value is not None}
        if told:
            written[name] = told
    return written
