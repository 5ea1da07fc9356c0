"""AWS Bedrock: Converse for chat, InvokeModel for embeddings; signed, or with one of Bedrock's own API keys.

Out of scope: roles to be assumed, and keys from the metadata of a machine. Models that Bedrock serves in OpenAI's form are
reached by a provider of type openai-compatible.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from stoa.adapters.providers import facts
from stoa.adapters.providers.credentials_sigv4 import AwsKeys, SignedEndpoint
from stoa.adapters.providers.credentials_static import bearer
from stoa.adapters.providers.heads import head, segment, wrong
from stoa.adapters.providers.tokens import Tokens
from stoa.domain.operations import ClientForm
from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Door, Endpoint, Facts, Method, Opened, Origin, UpstreamForm

_SERVICE = "bedrock"


@dataclass(frozen=True, slots=True)
class BedrockLink:
    """Implements `domain.upstream.Link`. `keys` is None when an API key stands in the headers; `base_path` is the URL's own."""

    origin: Origin
    headers: Mapping[str, str]
    base_path: str
    keys: AwsKeys | None
    tokens: Tokens
    form: UpstreamForm = "bedrock"
    native: frozenset[ClientForm] = frozenset()

    def facts(self, model: Model) -> Facts:
        return facts.plain(model)

    def door(self, door: Door, upstream_name: str, *, stream: bool) -> Endpoint | None:
        method = ("converse-stream" if stream else "converse") if door == "chat" else "invoke" if door == "embedding" else None
        if method is None:
            return None
        return self._endpoint(f"/model/{segment(upstream_name)}/{method}")

    def health(self, path: str) -> Endpoint:
        return self._endpoint(path, method="GET")

    def _endpoint(self, path: str, *, method: Method = "POST") -> Endpoint:
        endpoint = self.origin.endpoint(path, self.headers, method=method)
        if self.keys is None:
            return endpoint
        signed = {name: self.headers[name] for name in ("host", "content-type")}
        return SignedEndpoint(endpoint, self.base_path + path, signed, self.keys, clock=self.tokens.clock, method=method)


def link(provider: Provider, opened: Opened, origin: Origin, tokens: Tokens) -> BedrockLink:
    url = urlsplit(provider.url)
    headers = head(opened, {**bearer(opened), "host": url.netloc.rpartition("@")[2]})
    keys = None if opened.api_key is not None else _keys(provider, opened)
    return BedrockLink(origin, headers, url.path.rstrip("/"), keys, tokens)


def _keys(provider: Provider, opened: Opened) -> AwsKeys | None:
    found = opened.credentials
    if not found and opened.headers:
        return None  # whoever is at the base URL has been told otherwise
    for name in ("aws_access_key_id", "aws_secret_access_key"):
        if not found.get(name):
            raise wrong(provider, f"credentials.{name}", "Bedrock needs it, or an api_key instead of both keys")
    if not provider.region:
        raise wrong(provider, "region", "a signature for AWS needs one")
    return AwsKeys(
        found["aws_access_key_id"],
        found["aws_secret_access_key"],
        provider.region,
        _SERVICE,
        found.get("aws_session_token") or None,
    )
