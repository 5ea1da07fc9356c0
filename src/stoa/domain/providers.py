"""Kinds of providers, and where each is reached unless a resource says otherwise."""

from collections.abc import Mapping
from typing import Literal

ProviderType = Literal[
    "openai-compatible",
    "openai",
    "azure",
    "anthropic",
    "gemini",
    "vertex",
    "bedrock",
    "cohere",
    "mistral",
    "groq",
    "together",
    "openrouter",
    "deepseek",
    "ollama",
    "vllm",
    "tgi",
    "litellm",
]

BASE_URLS: Mapping[ProviderType, str] = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta",
    "vertex": "https://{region}-aiplatform.googleapis.com/v1",
    "bedrock": "https://bedrock-runtime.{region}.amazonaws.com",
    "cohere": "https://api.cohere.com/v2",
    "mistral": "https://api.mistral.ai/v1",
    "groq": "https://api.groq.com/openai/v1",
    "together": "https://api.together.xyz/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "ollama": "http://127.0.0.1:11434/v1",
    "vllm": "http://127.0.0.1:8000/v1",
    "tgi": "http://127.0.0.1:8080/v1",
}
"""`{region}` is the provider's field. The kinds that are missing have an address of one's own, which the resource must name."""


def base_url_of(kind: ProviderType, base_url: str | None, region: str | None) -> str | None:
    """The address as written, else the kind's; None when the kind has none, or needs a region that is not named."""
    if base_url is not None:
        return base_url
    known = BASE_URLS.get(kind)
    if known is None or ("{region}" in known and not region):
        return None
    return known.replace("{region}", region or "")
