"""Hugging Face's text-embeddings-inference: embeddings in OpenAI's form, and a rerank of its own.

The base URL is the server's, without a version: embeddings are below /v1, rerank is not. It serves one model, so names mean
nothing to it: https://huggingface.github.io/text-embeddings-inference.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stoa.adapters.providers import facts
from stoa.adapters.providers.credentials_static import bearer
from stoa.adapters.providers.heads import head
from stoa.adapters.providers.tokens import Tokens
from stoa.domain.operations import ClientForm
from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Door, Endpoint, Facts, Opened, Origin, UpstreamForm

PATHS: Mapping[Door, str] = {"embedding": "/v1/embeddings", "rerank": "/rerank"}


@dataclass(frozen=True, slots=True)
class TeiLink:
    """Implements `domain.upstream.Link`."""

    origin: Origin
    headers: Mapping[str, str]
    form: UpstreamForm = "chat"
    native: frozenset[ClientForm] = frozenset()

    def facts(self, model: Model) -> Facts:
        return facts.tei(model)

    def door(self, door: Door, upstream_name: str, *, stream: bool) -> Endpoint | None:
        del upstream_name, stream
        return self.origin.endpoint(PATHS[door], self.headers) if door in PATHS else None

    def health(self, path: str) -> Endpoint:
        return self.origin.endpoint(path, self.headers, method="GET")


def link(provider: Provider, opened: Opened, origin: Origin, tokens: Tokens) -> TeiLink:
    del provider, tokens
    return TeiLink(origin, head(opened, bearer(opened)))
