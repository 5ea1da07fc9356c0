"""Google's Vertex AI: Gemini and embeddings, or Claude, with the token of a service account.

A provider with `speaks: [messages]` is for Anthropic's models there. Out of scope: tokens from the metadata server, workload
identity federation, and models of other publishers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from stoa.adapters.providers import facts
from stoa.adapters.providers.credentials_oauth import ServiceAccount, identity, signed_assertion
from stoa.adapters.providers.gemini import generate
from stoa.adapters.providers.heads import head, segment, wrong
from stoa.adapters.providers.tokens import TokenEndpoint, Tokens, TokenSource
from stoa.adapters.providers.vertex_bodies import ClaudeEndpoint, PredictEndpoint
from stoa.domain.operations import ClientForm
from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Door, Endpoint, Facts, Opened, Origin, UpstreamForm

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True, slots=True)
class VertexLink:
    """Implements `domain.upstream.Link` for Google's own models. `place` is the path of project and location."""

    origin: Origin
    headers: Mapping[str, str]
    place: str
    source: TokenSource
    form: UpstreamForm = "gemini"
    native: frozenset[ClientForm] = frozenset()

    def facts(self, model: Model) -> Facts:
        return facts.vertex(model)

    def door(self, door: Door, upstream_name: str, *, stream: bool) -> Endpoint | None:
        if door == "chat":
            return self._endpoint(upstream_name, generate(stream=stream))
        return PredictEndpoint(self._endpoint(upstream_name, "predict")) if door == "embedding" else None

    def health(self, path: str) -> Endpoint:
        return TokenEndpoint(self.origin.endpoint(path, self.headers, method="GET"), self.source)

    def _endpoint(self, upstream_name: str, method: str) -> Endpoint:
        path = f"{self.place}/publishers/google/models/{segment(upstream_name)}:{method}"
        return TokenEndpoint(self.origin.endpoint(path, self.headers), self.source)


@dataclass(frozen=True, slots=True)
class ClaudeLink:
    """Implements `domain.upstream.Link` for Anthropic's models."""

    origin: Origin
    headers: Mapping[str, str]
    place: str
    source: TokenSource
    form: UpstreamForm = "messages"
    native: frozenset[ClientForm] = frozenset({"messages"})

    def facts(self, model: Model) -> Facts:
        return facts.anthropic(model)

    def door(self, door: Door, upstream_name: str, *, stream: bool) -> Endpoint | None:
        if door not in ("chat", "messages"):
            return None  # count_tokens is a model of its own there, whose body names the model that is meant
        method = "streamRawPredict" if stream else "rawPredict"
        path = f"{self.place}/publishers/anthropic/models/{segment(upstream_name)}:{method}"
        return ClaudeEndpoint(TokenEndpoint(self.origin.endpoint(path, self.headers), self.source))

    def health(self, path: str) -> Endpoint:
        return TokenEndpoint(self.origin.endpoint(path, self.headers, method="GET"), self.source)


def link(provider: Provider, opened: Opened, origin: Origin, tokens: Tokens) -> VertexLink | ClaudeLink:
    if not provider.project or not provider.region:
        raise wrong(provider, "project" if not provider.project else "region", "Vertex AI needs both")
    place = f"/projects/{segment(provider.project)}/locations/{segment(provider.region)}"
    source = _source(provider, opened, tokens)
    kind = ClaudeLink if provider.speaks and "messages" in provider.speaks else VertexLink
    return kind(origin, head(opened, {}), place, source)


def _source(provider: Provider, opened: Opened, tokens: Tokens) -> TokenSource:
    field = "credentials.service_account"
    text = opened.credentials.get("service_account")
    if text is None:
        raise wrong(provider, field, "Vertex AI needs the key file of a service account")
    try:
        account = msgspec.json.decode(text, type=ServiceAccount)
        return tokens.source(identity("vertex", text), lambda: signed_assertion(account, scope=_SCOPE))
    except msgspec.MsgspecError:
        raise wrong(provider, field, "it is not the key file of a service account") from None
    except (ValueError, TypeError):
        raise wrong(provider, field, "its private_key is not an RSA key in PEM, without a password") from None
