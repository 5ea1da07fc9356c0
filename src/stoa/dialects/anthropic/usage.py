"""The `usage` of Anthropic's messages, both ways. Its `input_tokens` leave out what its cache read and wrote; ours do not."""

import msgspec

from stoa.dialects.answer import TokenUsage
from stoa.dialects.conversation import Fields


class OutputDetails(msgspec.Struct):
    thinking_tokens: int | None = None


class MessagesUsage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens_details: OutputDetails | None = None
    service_tier: str | None = None


def read_usage(usage: MessagesUsage | None) -> TokenUsage | None:
    if usage is None:
        return None
    fresh, read, written = usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens
    return TokenUsage(
        input=None if fresh is None else fresh + (read or 0) + (written or 0),
        output=usage.output_tokens,
        cache_read=read,
        cache_write=written,
        reasoning=usage.output_tokens_details.thinking_tokens if usage.output_tokens_details is not None else None,
    )


def write_usage(usage: TokenUsage | None) -> Fields:
    """All that an answer's usage must have. Where nobody told the tokens they are 0: there is no other word for it."""
    usage = usage or TokenUsage()
    return {
        **write_delta_usage(usage),
        "cache_creation": None,
        "inference_geo": None,
        "service_tier": None,
    }


def write_delta_usage(usage: TokenUsage | None) -> Fields:
    """What the last events of a stream tell."""
    usage = usage or TokenUsage()
    fresh = (usage.input or 0) - (usage.cache_read or 0) - (usage.cache_write or 0)
    return {
        "input_tokens": max(0, fresh),
        "output_tokens": usage.output or 0,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens_details": None if usage.reasoning is None else {"thinking_tokens": usage.reasoning},
        "server_tool_use": None,
    }
