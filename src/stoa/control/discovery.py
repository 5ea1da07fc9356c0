"""Providers that are there without being told of: keys in the environment, and model servers on this machine.

Nothing is asked of the network but the loopback ports. What a key's provider offers is a short list kept here; any other
model of it is one `stoa apply` away.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stoa.domain.providers import BASE_URLS, ProviderType
from stoa.domain.resources import Model, Price, Provider, Resource
from stoa.kit.names import is_name


@dataclass(frozen=True, slots=True)
class Known:
    """A kind of provider, the variables its key is usually in, and some models of it.

    `region` and `base_url` are variables without which the key is of no use; `credentials` come instead of a key.
    """

    name: ProviderType
    variables: tuple[str, ...]
    models: tuple[str, ...]
    credentials: Mapping[str, str] | None = None
    region: tuple[str, ...] = ()
    base_url: str | None = None


_AWS_REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")
_BEDROCK = ("amazon.nova-lite-v1:0", "amazon.titan-embed-text-v2:0")

KNOWN = (
    Known("openai", ("OPENAI_API_KEY",), ("gpt-5.4", "gpt-5.4-mini", "text-embedding-3-small")),
    Known("anthropic", ("ANTHROPIC_API_KEY",), ("claude-sonnet-4-6", "claude-haiku-4-5")),
    Known("gemini", ("GEMINI_API_KEY", "GOOGLE_API_KEY"), ("gemini-2.5-flash", "gemini-2.5-pro", "gemini-embedding-001")),
    Known("mistral", ("MISTRAL_API_KEY",), ("mistral-medium-latest", "mistral-embed")),
    Known("cohere", ("COHERE_API_KEY", "CO_API_KEY"), ("command-a-03-2025", "embed-v4.0")),
    Known("groq", ("GROQ_API_KEY",), ("llama-3.3-70b-versatile", "openai/gpt-oss-120b")),
    Known("openrouter", ("OPENROUTER_API_KEY",), ("openai/gpt-5.4-mini",)),
    Known("deepseek", ("DEEPSEEK_API_KEY",), ("deepseek-chat", "deepseek-reasoner")),
    Known("together", ("TOGETHER_API_KEY", "TOGETHERAI_API_KEY"), ("meta-llama/Llama-3.3-70B-Instruct-Turbo",)),
    Known("azure", ("AZURE_OPENAI_API_KEY",), (), base_url="AZURE_OPENAI_ENDPOINT"),
    Known("bedrock", ("AWS_BEARER_TOKEN_BEDROCK",), _BEDROCK, region=_AWS_REGION),
    Known(
        "bedrock",
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        _BEDROCK,
        credentials={
            "aws_access_key_id": "AWS_ACCESS_KEY_ID",
            "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
            "aws_session_token": "AWS_SESSION_TOKEN",
        },
        region=_AWS_REGION,
    ),
)
"""For each kind the first that is there. Azure's models are deployments under names of one's own, so none is listed."""

LOCAL: tuple[tuple[ProviderType, str], ...] = tuple((kind, BASE_URLS[kind]) for kind in ("ollama", "vllm", "tgi"))
"""Model servers on this machine, and where they listen unless told otherwise."""


class ModelLister(Protocol):
    """Asks a server on this machine for its models."""

    async def models(self, base_url: str) -> Sequence[str] | None:
        """The ids of `GET {base_url}/models`; None when nothing of that kind answers."""
        ...


async def discover(
    environment: Mapping[str, str], lister: ModelLister, *, local: Sequence[tuple[ProviderType, str]] = LOCAL
) -> list[Resource]:
    """Providers and their models, ready to be applied. A provider's description says where it was found."""
    found: list[Resource] = []
    for known in KNOWN:
        provider = _with_key(known, environment)
        if provider is not None and provider.name not in {each.name for each in found if isinstance(each, Provider)}:
            found += _with_models(provider, known.models, taken=_names(found), price=None)
    for kind, base_url in local:
        models = await lister.models(base_url)
        if models is not None:
            address = base_url.removesuffix("/v1")
            provider = Provider(name=kind, type=kind, base_url=base_url, description=f"found at {address}")
            free = Price(input_per_million="0")  # on this machine: it costs no tokens
            found += _with_models(provider, models, taken=_names(found), price=free)
    return found


def _with_key(known: Known, environment: Mapping[str, str]) -> Provider | None:
    """The provider, if everything that it needs is in the environment."""

    def first(names: Sequence[str]) -> str | None:
        return next((value for name in names if (value := environment.get(name, "").strip())), None)

    region, base_url = first(known.region), first((known.base_url,) if known.base_url else ())
    if (known.region and region is None) or (known.base_url and base_url is None):
        return None
    if known.credentials is None:
        variable = next((name for name in known.variables if environment.get(name, "").strip()), None)
        secrets = {}
    else:
        variable = known.variables[0] if all(environment.get(name, "").strip() for name in known.variables) else None
        secrets = {name: value for name, variable in known.credentials.items() if (value := first((variable,)))}
    if variable is None:
        return None
    return Provider(
        name=known.name,
        type=known.name,
        base_url=base_url.rstrip("/") if base_url else None,
        api_key=None if secrets else first((variable,)),
        credentials=secrets,
        region=region,
        description=f"found by {variable}",
    )


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
