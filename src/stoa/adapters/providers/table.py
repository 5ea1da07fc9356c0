"""Every type of provider, and the module that knows it, imported when the first provider of its kind is."""

import importlib
import time
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from stoa.adapters.providers.heads import check_headers, wrong
from stoa.adapters.providers.litellm_thread import SdkThread
from stoa.adapters.providers.tokens import Tokens
from stoa.domain.providers import ProviderType
from stoa.domain.resources import Provider
from stoa.domain.upstream import Link, Opened, Origin, OriginLimits, Providers, TlsOptions, Upstreams

_OPENAI = "openai"
MODULES: Mapping[ProviderType, str] = {
    "openai-compatible": _OPENAI,
    "openai": _OPENAI,
    "azure": "azure",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "vertex": "vertex",
    "bedrock": "bedrock",
    "cohere": "cohere",
    "mistral": _OPENAI,
    "groq": _OPENAI,
    "together": _OPENAI,
    "openrouter": _OPENAI,
    "deepseek": _OPENAI,
    "ollama": _OPENAI,
    "vllm": _OPENAI,
    "tgi": _OPENAI,
    "tei": "tei",
}


class _Adapter(Protocol):
    """What each module has: a function that makes the link. Raises OperatorError naming the field."""

    def link(self, provider: Provider, opened: Opened, origin: Origin, tokens: Tokens) -> Link: ...


class ProviderTable(Providers):
    """Implements `domain.upstream.Providers` over what reaches origins. `clock` gives unix seconds."""

    def __init__(self, upstreams: Upstreams, *, clock: Callable[[], float] = time.time) -> None:
        self._upstreams = upstreams
        self._tokens = Tokens(upstreams, clock=clock)
        self._sdk_thread = SdkThread()

    def link(self, provider: Provider, opened: Opened) -> Link:
        check_headers(provider, opened)
        if provider.type == "litellm":  # its SDK reaches the network by itself
            from stoa.adapters.providers.litellm_sdk import link

            return link(provider, opened, self._sdk_thread)
        module = importlib.import_module(f"stoa.adapters.providers.{MODULES[provider.type]}")
        adapter = cast("_Adapter", module)  # cast: modules have no type; a test makes a link of each kind
        return adapter.link(provider, opened, self._origin(provider), self._tokens)

    def close(self) -> None:
        """Ask no token server any more, and end litellm's thread. The connections belong to the upstreams."""
        self._tokens.close()
        self._sdk_thread.close()

    def _origin(self, provider: Provider) -> Origin:
        limits = OriginLimits(
            connect_timeout_s=provider.connect_timeout_s,
            first_byte_timeout_s=provider.first_byte_timeout_s,
            idle_timeout_s=provider.idle_timeout_s,
            max_connections=provider.max_connections,
        )
        own = (provider.tls_ca, provider.tls_certificate, provider.tls_key)
        tls = TlsOptions(ca_file=own[0], certificate_file=own[1], key_file=own[2]) if any(own) else None
        try:
            return self._upstreams.origin(provider.url, limits, tls)
        except ValueError as error:
            raise wrong(provider, "base_url", str(error)) from None
