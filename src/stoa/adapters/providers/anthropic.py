"""Anthropic's own API, and servers that offer no other form than its messages.

`anthropic-beta` is the client's: the gateway passes it in the lines of each request.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stoa.adapters.providers import facts
from stoa.adapters.providers.credentials_static import named
from stoa.adapters.providers.heads import head
from stoa.adapters.providers.openai import ANTHROPIC_VERSION
from stoa.adapters.providers.tokens import Tokens
from stoa.domain.operations import ClientForm
from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Door, Endpoint, Facts, Opened, Origin, UpstreamForm

PATHS: Mapping[Door, str] = {"chat": "/messages", "messages": "/messages", "count_tokens": "/messages/count_tokens"}


@dataclass(frozen=True, slots=True)
class AnthropicLink:
    """Implements `domain.upstream.Link`."""

    origin: Origin
    headers: Mapping[str, str]
    form: UpstreamForm = "messages"
    native: frozenset[ClientForm] = frozenset({"messages"})

    def facts(self, model: Model) -> Facts:
        return facts.anthropic(model)

    def door(self, door: Door, upstream_name: str, *, stream: bool) -> Endpoint | None:
        del upstream_name, stream  # both stand in the body
        return self.origin.endpoint(PATHS[door], self.headers) if door in PATHS else None

    def health(self, path: str) -> Endpoint:
        return self.origin.endpoint(path, self.headers, method="GET")


def link(provider: Provider, opened: Opened, origin: Origin, tokens: Tokens) -> AnthropicLink:
    del tokens
    version = {"anthropic-version": provider.api_version or ANTHROPIC_VERSION}
    return AnthropicLink(origin, head(opened, {**named("x-api-key", opened), **version}))
