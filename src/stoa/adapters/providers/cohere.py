"""Cohere's v2 API: chat, embeddings and rerank, each in its own form."""

from collections.abc import Mapping
from dataclasses import dataclass

from stoa.adapters.providers import facts
from stoa.adapters.providers.credentials_static import bearer
from stoa.adapters.providers.heads import head
from stoa.adapters.providers.tokens import Tokens
from stoa.domain.operations import ClientForm
from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Door, Endpoint, Facts, Opened, Origin, UpstreamForm

PATHS: Mapping[Door, str] = {"chat": "/chat", "embedding": "/embed", "rerank": "/rerank"}


@dataclass(frozen=True, slots=True)
class CohereLink:
    """Implements `domain.upstream.Link`."""

    origin: Origin
    headers: Mapping[str, str]
    form: UpstreamForm = "cohere"
    native: frozenset[ClientForm] = frozenset()

    def facts(self, model: Model) -> Facts:
        return facts.cohere(model)

    def door(self, door: Door, upstream_name: str, *, stream: bool) -> Endpoint | None:
        del upstream_name, stream  # both stand in the body
        return self.origin.endpoint(PATHS[door], self.headers) if door in PATHS else None

    def health(self, path: str) -> Endpoint:
        return self.origin.endpoint(path, self.headers, method="GET")


def link(provider: Provider, opened: Opened, origin: Origin, tokens: Tokens) -> CohereLink:
    del provider, tokens
    return CohereLink(origin, head(opened, bearer(opened)))
