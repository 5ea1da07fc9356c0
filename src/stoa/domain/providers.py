"""Kinds of providers: where each is reached unless a resource says otherwise, and what it wants to know of us."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from stoa.domain.operations import ClientForm

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
    "tei",
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
    "tei": "http://127.0.0.1:8080",
    "litellm": "litellm:",
}
"""`{region}` is the provider's field. The kinds that are missing have an address of one's own, which the resource must name.

litellm's models each have an address that its SDK knows; `litellm:` stands for that.
"""

LOCAL: frozenset[ProviderType] = frozenset({"openai-compatible", "ollama", "vllm", "tgi", "tei", "litellm"})
"""Kinds that may be asked without any credential."""


class Proof(NamedTuple):
    """One way to say who we are: the names that `credentials` must then hold, and those that it may."""

    needed: frozenset[str]
    further: frozenset[str] = frozenset()


PROOFS: Mapping[ProviderType, Proof] = {
    "azure": Proof(frozenset({"tenant_id", "client_id", "client_secret"}), frozenset({"token_url", "scope"})),
    "vertex": Proof(frozenset({"service_account"})),
    "bedrock": Proof(frozenset({"aws_access_key_id", "aws_secret_access_key"}), frozenset({"aws_session_token"})),
}
"""Kinds that take `credentials`. All but vertex take an `api_key` instead."""

SPEAKS: Mapping[ProviderType, frozenset[ClientForm]] = {
    "azure": frozenset({"chat", "completions", "responses"}),
    "anthropic": frozenset({"messages"}),
    "gemini": frozenset(),
    "vertex": frozenset({"messages"}),
    "bedrock": frozenset(),
    "cohere": frozenset(),
    "tei": frozenset(),
    "litellm": frozenset({"chat"}),
}
"""What `speaks` may name where a kind is not OpenAI-compatible; there it may name any form."""


def base_url_of(kind: ProviderType, base_url: str | None, region: str | None) -> str | None:
    """The address as written, else the kind's; None when the kind has none, or needs a region that is not named."""
    if base_url is not None:
        return base_url
    known = BASE_URLS.get(kind)
    if known is None or ("{region}" in known and not region):
        return None
    if kind == "vertex" and region in _VERTEX_WIDE:
        return _VERTEX_WIDE[region]
    if kind == "bedrock" and region and region.startswith("cn-"):
        known += ".cn"
    return known.replace("{region}", region or "")


_VERTEX_WIDE: Mapping[str | None, str] = {
    "global": "https://aiplatform.googleapis.com/v1",
    "us": "https://aiplatform.us.rep.googleapis.com/v1",
    "eu": "https://aiplatform.eu.rep.googleapis.com/v1",
}
"""Locations that are more than one region have addresses of another form."""
