"""Providers that are there without being told of: keys in the environment, and model servers on this machine.

Nothing is asked of the network but the two loopback ports. What a key's provider offers is a short list kept here; any other
model of it is one `stoa apply` away.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stoa.domain.resources import Model, Price, Provider, Resource
from stoa.kit.names import is_name


@dataclass(frozen=True, slots=True)
class Known:
    """A provider that speaks the OpenAI form, the variable its key is usually in, and some models of it."""

    name: str
    variable: str
    base_url: str
    models: tuple[str, ...]


KNOWN = (
    Known("openai", "OPENAI_API_KEY", "https://api.openai.com/v1", ("gpt-5.4", "gpt-5.4-mini", "text-embedding-3-small")),
    Known("anthropic", "ANTHROPIC_API_KEY", "https://api.anthropic.com/v1", ("claude-sonnet-4-6", "claude-haiku-4-5")),
    Known("mistral", "MISTRAL_API_KEY", "https://api.mistral.ai/v1", ("mistral-medium-latest", "mistral-embed")),
    Known("groq", "GROQ_API_KEY", "https://api.groq.com/openai/v1", ("llama-3.3-70b-versatile", "openai/gpt-oss-120b")),
    Known("openrouter", "OPENROUTER_API_KEY", "https://openrouter.ai/api/v1", ("openai/gpt-5.4-mini",)),
    Known("deepseek", "DEEPSEEK_API_KEY", "https://api.deepseek.com/v1", ("deepseek-chat", "deepseek-reasoner")),
    Known("together", "TOGETHER_API_KEY", "https://api.together.xyz/v1", ("meta-llama/Llama-3.3-70B-Instruct-Turbo",)),
)

LOCAL = (("ollama", "http://127.0.0.1:11434/v1"), ("vllm", "http://127.0.0.1:8000/v1"))
"""Model servers on this machine, and where they listen unless told otherwise."""


class ModelLister(Protocol):
    """Asks a server on this machine for its models."""

    async def models(self, base_url: str) -> Sequence[str] | None:
        """The ids of `GET {base_url}/models`; None when nothing of that kind answers."""
        ...


async def discover(
    environment: Mapping[str, str], lister: ModelLister, *, local: Sequence[tuple[str, str]] = LOCAL
) -> list[Resource]:
    """Providers and their models, ready to be applied. A provider's description says where it was found."""
    found: list[Resource] = []
    for known in KNOWN:
        key = environment.get(known.variable, "").strip()
        if key:
            provider = Provider(name=known.name, base_url=known.base_url, api_key=key, description=f"found by {known.variable}")
            found += _with_models(provider, known.models, taken=_names(found), price=None)
    for name, base_url in local:
        models = await lister.models(base_url)
        if models is not None:
            provider = Provider(name=name, base_url=base_url, description=f"found at {base_url.removesuffix('/v1')}")
            free = Price(input_per_million="0")  # on this machine: it costs no tokens
            found += _with_models(provider, models, taken=_names(found), price=free)
    return found


def _with_models(provider: Provider, ids: Sequence[str], *, taken: set[str], price: Price | None) -> list[Resource]:
    """The provider and its models, under names of Stoa's form that nothing else has."""
    found: list[Resource] = [provider]
    for upstream_name in ids:
        name = _slug(upstream_name)
        if name in taken or name.startswith("stoa-"):
            name = f"{provider.name}-{name}"[:63]
        if is_name(name) and name not in taken:
            taken.add(name)
            operation = "embedding" if "embed" in name else "chat"
            found.append(
                Model(name=name, provider=provider.name, upstream_name=upstream_name, operation=operation, price=price)
            )
    return found


def _slug(upstream_name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", upstream_name.lower()).strip("-._")[:63]


def _names(found: Sequence[Resource]) -> set[str]:
    return {each.name for each in found if isinstance(each, Model)}
