"""Google's Gemini API: the model and the method stand in the path."""

from collections.abc import Mapping
from dataclasses import dataclass

from stoa.adapters.providers import facts
from stoa.adapters.providers.credentials_static import named
from stoa.adapters.providers.heads import head, segment
from stoa.adapters.providers.tokens import Tokens
from stoa.domain.operations import ClientForm
from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Door, Endpoint, Facts, Opened, Origin, UpstreamForm


@dataclass(frozen=True, slots=True)
class GeminiLink:
    """Implements `domain.upstream.Link`."""

    origin: Origin
    headers: Mapping[str, str]
    form: UpstreamForm = "gemini"
    native: frozenset[ClientForm] = frozenset()

    def facts(self, model: Model) -> Facts:
        return facts.plain(model)

    def door(self, door: Door, upstream_name: str, *, stream: bool) -> Endpoint | None:
        method = generate(stream=stream) if door == "chat" else "batchEmbedContents" if door == "embedding" else None
        return None if method is None else self.origin.endpoint(f"/{_resource(upstream_name)}:{method}", self.headers)

    def health(self, path: str) -> Endpoint:
        return self.origin.endpoint(path, self.headers, method="GET")


def generate(*, stream: bool) -> str:
    """The method for an answer; without `alt=sse` a stream would be one JSON array."""
    return "streamGenerateContent?alt=sse" if stream else "generateContent"


def link(provider: Provider, opened: Opened, origin: Origin, tokens: Tokens) -> GeminiLink:
    del provider, tokens
    return GeminiLink(origin, head(opened, named("x-goog-api-key", opened)))


def _resource(upstream_name: str) -> str:
    """`gemini-2.5-flash`, `models/gemini-2.5-flash` or `tunedModels/mine`, as a path."""
    collection, slash, name = upstream_name.partition("/")
    return f"{segment(collection)}/{segment(name)}" if slash else f"models/{segment(upstream_name)}"
