"""What is known of models and of the servers in front of them, where servers of one dialect differ.

A resource's `max_output_tokens`, `max_tokens_field` and `drop_fields` come before what is known here. A name that is not
known is taken for a newer model.
"""

import re

from stoa.domain.resources import Model
from stoa.domain.upstream import Facts

_OLD_OPENAI = re.compile(r"(ft:)?(gpt-3|gpt-4|chatgpt-4o|davinci|babbage)")
"""OpenAI's chat models from before reasoning: they take max_tokens. The later ones refuse it."""

_CLAUDE_OUTPUT = (
    (re.compile(r"claude-(2|instant|v1|3-(opus|sonnet|haiku))"), 4096),
    (re.compile(r"claude-3-5"), 8192),
)
"""https://docs.anthropic.com/en/docs/about-claude/models/overview; every later model writes at least 32,000."""

_CLAUDE_LATER = 32_000


def openai(model: Model) -> Facts:
    old = _OLD_OPENAI.match(_name(model)) is not None
    return _facts(model, max_tokens_field="max_tokens" if old else "max_completion_tokens")


def azure(model: Model, *, api_version: str | None) -> Facts:
    """Names of deployments say nothing. api-versions from September 2024 on, and the one without a date, take the new field."""
    old = api_version is not None and re.match(r"20\d\d-", api_version) is not None and api_version < "2024-09"
    return _facts(model, max_tokens_field="max_tokens" if old else "max_completion_tokens", stream_usage=not old)


def anthropic(model: Model) -> Facts:
    name = _name(model)
    known = next((tokens for pattern, tokens in _CLAUDE_OUTPUT if pattern.search(name)), _CLAUDE_LATER)
    return _facts(model, max_output_tokens=known)


def mistral(model: Model) -> Facts:
    """It refuses fields it does not know, and tells the usage of a stream unasked."""
    return _facts(model, stream_usage=False, drop=frozenset({"user", "store", "service_tier", "stream_options"}))


def groq(model: Model) -> Facts:
    return _facts(model, max_tokens_field="max_completion_tokens", drop=frozenset({"store"}))


def vertex(model: Model) -> Facts:
    """Of its embeddings, Gemini's take one text a call: https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings."""
    facts = _facts(model)
    return facts._replace(texts_at_once=1) if _name(model).startswith("gemini-embedding") else facts


def cohere(model: Model) -> Facts:
    return _facts(model)._replace(rerank="cohere")


def tei(model: Model) -> Facts:
    return _facts(model)._replace(rerank="tei")


def plain(model: Model) -> Facts:
    """Of servers that take OpenAI's fields, and pass over those that they do not know."""
    return _facts(model)


def _facts(
    model: Model,
    *,
    max_output_tokens: int = 4096,
    max_tokens_field: str = "max_tokens",
    stream_usage: bool = True,
    drop: frozenset[str] = frozenset(),
) -> Facts:
    return Facts(
        max_output_tokens=model.max_output_tokens or max_output_tokens,
        max_tokens_field=model.max_tokens_field or max_tokens_field,
        stream_usage=stream_usage,
        drop=drop | frozenset(model.drop_fields),
    )


def _name(model: Model) -> str:
    return (model.upstream_name or model.name).lower()
