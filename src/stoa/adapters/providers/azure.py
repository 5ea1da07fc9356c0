"""Azure OpenAI and Foundry: the API without versions, and the one whose paths name a deployment and a version.

`api_version` left out, or `v1`, `preview` or `latest`, means the former: OpenAI's own paths below /openai/v1. A date means the
latter. The model's upstream name is the name of the deployment either way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from stoa.adapters.providers import facts, openai
from stoa.adapters.providers.credentials_oauth import client_credentials, identity
from stoa.adapters.providers.credentials_static import named
from stoa.adapters.providers.heads import MULTIPART, head, segment, wrong
from stoa.adapters.providers.tokens import TokenEndpoint, Tokens, TokenSource
from stoa.domain.operations import ClientForm
from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Door, Endpoint, Facts, Method, Opened, Origin, UpstreamForm

_UNDATED = ("v1", "preview", "latest")
_SCOPE = "https://cognitiveservices.azure.com/.default"
_DOORS: frozenset[Door] = frozenset(
    {
        "chat", "completions", "responses", "embedding", "image", "image_edit", "speech", "transcription", "translation",
    }
)  # fmt: skip
_CLASSIC = _DOORS - {"responses"}
"""With a date, responses are not below a deployment; whoever wants them leaves the date out."""


@dataclass(frozen=True, slots=True)
class AzureLink:
    """Implements `domain.upstream.Link`. `base_path` is where the API begins, below the origin's URL."""

    origin: Origin
    opened: Opened
    base_path: str
    api_version: str | None
    source: TokenSource | None
    native: frozenset[ClientForm]
    form: UpstreamForm = "chat"

    def facts(self, model: Model) -> Facts:
        return facts.azure(model, api_version=self.api_version)

    def door(self, door: Door, upstream_name: str, *, stream: bool) -> Endpoint | None:
        del stream  # stands in the body
        if door not in (_CLASSIC if self._dated else _DOORS):
            return None
        deployment = f"/deployments/{segment(upstream_name)}" if self._dated else ""
        return self._endpoint(f"{deployment}{openai.PATHS[door]}", json=door not in MULTIPART)

    def health(self, path: str) -> Endpoint:
        return self._endpoint(path, json=False, method="GET")

    def _endpoint(self, path: str, *, json: bool, method: Method = "POST") -> Endpoint:
        version = f"?api-version={segment(self.api_version)}" if self.api_version not in (None, "v1") else ""
        headers = head(self.opened, named("api-key", self.opened), json=json)
        endpoint = self.origin.endpoint(f"{self.base_path}{path}{version}", headers, method=method)
        return endpoint if self.source is None else TokenEndpoint(endpoint, self.source)

    @property
    def _dated(self) -> bool:
        return self.api_version not in (None, *_UNDATED)


def link(provider: Provider, opened: Opened, origin: Origin, tokens: Tokens) -> AzureLink:
    dated = provider.api_version not in (None, *_UNDATED)
    spoken = {"chat", "completions"} if dated else {"chat", "completions", "responses"}
    native = openai.SERVERS["openai"].native if provider.speaks is None else frozenset(provider.speaks)
    return AzureLink(
        origin=origin,
        opened=opened,
        base_path=_base_path(urlsplit(provider.url).path.rstrip("/"), dated=dated),
        api_version=provider.api_version,
        source=_source(provider, opened, tokens),
        native=frozenset(form for form in native if form in spoken),
    )


def _base_path(written: str, *, dated: bool) -> str:
    """The endpoint as the portal shows it has no path; some write the beginning of the API's."""
    wanted = "/openai" if dated else "/openai/v1"
    if written.endswith(wanted):
        return ""
    return wanted.removeprefix("/openai") if written.endswith("/openai") else wanted


def _source(provider: Provider, opened: Opened, tokens: Tokens) -> TokenSource | None:
    found: Mapping[str, str] = opened.credentials
    if opened.api_key is not None or (not found and opened.headers):
        return None
    for name in ("tenant_id", "client_id", "client_secret"):
        if not found.get(name):
            raise wrong(provider, f"credentials.{name}", "Entra ID needs it, or give an api_key instead of credentials")
    url = found.get("token_url") or f"https://login.microsoftonline.com/{segment(found['tenant_id'])}/oauth2/v2.0/token"
    scope = found.get("scope") or _SCOPE
    client, secret = found["client_id"], found["client_secret"]
    return tokens.source(
        identity("entra", url, scope, client, secret),
        lambda: client_credentials(url, client_id=client, client_secret=secret, scope=scope),
    )
