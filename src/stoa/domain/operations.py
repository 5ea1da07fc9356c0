"""The words that requests to models are told apart by."""

from typing import Literal

Operation = Literal["chat", "embedding", "rerank", "moderation", "image", "speech", "transcription"]
"""What a model does."""

ClientForm = Literal["chat", "completions", "messages", "responses"]
"""How a client speaks: OpenAI's chat completions, its legacy completions, Anthropic's messages, OpenAI's responses."""

Lane = Literal["realtime", "batch"]
"""Real time goes first; a batch waits and yields."""

ErrorClass = Literal[
    "rate_limit", "timeout", "server_error", "context_window", "content_policy", "credentials", "not_found", "invalid_request"
]
"""What kind of failure an upstream's was, for whoever decides whether somebody else could do better."""

CALLERS_FAULTS: frozenset[ErrorClass] = frozenset(("invalid_request", "context_window", "content_policy"))
"""Failures of the request: they say nothing about the target, and it would say the same again."""
