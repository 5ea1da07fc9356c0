"""Where a deployment is and how it is reached: a provider, without a name yet."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

import msgspec

from stoa.control.litellm.account import Fields, variable_of
from stoa.control.litellm.addresses import CannotCarry, azure_version, base_url, checked, host_label
from stoa.control.litellm.document import Path
from stoa.control.litellm.kinds import KINDS, Kind
from stoa.control.litellm.secrets import Secrets
from stoa.domain.providers import ProviderType
from stoa.domain.resources import Provider

_AWS_KEYS = ("aws_access_key_id", "aws_secret_access_key")
_AWS_ROLES = (
    "aws_role_name",
    "aws_session_name",
    "aws_profile_name",
    "aws_web_identity_token",
    "aws_sts_endpoint",
    "aws_external_id",
)
_AZURE_APPLICATION = ("tenant_id", "client_id", "client_secret")
_AZURE_OTHERS = ("azure_ad_token", "azure_username", "azure_password")
_SDK_CREDENTIALS = (
    *_AWS_KEYS, "aws_session_token", *_AWS_ROLES, "aws_bedrock_runtime_endpoint", *_AZURE_APPLICATION, "azure_scope",
    *_AZURE_OTHERS, "vertex_credentials", "watsonx_region_name", "project_id", "space_id", "token", "zen_api_key", "username",
    "password", "account_id", "auth_type", "use_litellm_proxy",
)  # fmt: skip
"""What the SDK takes as arguments to say who we are."""
_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|password", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_GOOGLES_OWN = re.compile(r"(google/)?(gemini|gemma|text-embedding|textembedding|text-multilingual|multimodalembedding)")
_AWS_REGION = re.compile(r"[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One entry of model_list. `provider` is LiteLLM's name for it, `model` what comes after that."""

    path: Path
    group: str
    provider: str
    model: str
    params: Fields
    info: Fields

    @property
    def kind(self) -> Kind:
        return KINDS.get(self.provider, Kind("litellm"))


class Connection(NamedTuple):
    """`label` names such providers, `hint` tells several of them apart."""

    provider: Provider
    upstream_name: str
    label: str
    hint: str


class Connector:
    """`environ` is what LiteLLM would see; `timeouts` are for deployments without any of their own."""

    def __init__(self, secrets: Secrets, environ: Mapping[str, str], timeouts: Mapping[str, float]) -> None:
        self._secrets = secrets
        self._environ = environ
        self._timeouts = timeouts

    def connect(self, deployment: Deployment) -> Connection:
        """Raises CannotCarry and Unset."""
        ways: Mapping[ProviderType, Callable[[Deployment], Connection]] = {
            "azure": self._azure,
            "bedrock": self._bedrock,
            "vertex": self._vertex,
            "gemini": self._gemini,
            "litellm": self._sdk,
        }
        return ways.get(deployment.kind.type, self._plain)(deployment)

    def _plain(self, deployment: Deployment) -> Connection:
        kind, params = deployment.kind, deployment.params
        written = _address(params)
        if written is None and deployment.provider in ("huggingface", "vllm"):
            return self._sdk(deployment) if deployment.provider == "huggingface" else _no_server()
        url = base_url(kind, written)
        own = url is not None and kind.type == "openai"  # a server of OpenAI's form at somebody else's address
        made = Provider(name="x", type="openai-compatible" if own else kind.type, base_url=url)
        if "api_key" in params:
            made = _with(made, api_key=self._key(deployment, "api_key"))
        elif kind.variable is not None and not own:
            made = _with(made, api_key=self._secrets.variable(kind.variable))
        elif own:
            params.changed(
                "model", "LiteLLM sends OPENAI_API_KEY to this server. Stoa sends no key unless the provider has one."
            )
        name = deployment.model.removeprefix("responses/") if kind.type == "openai" else deployment.model
        if name != deployment.model:
            params.changed(
                "model", "Clients that speak the responses API are passed on as they are; others use chat completions."
            )
        label = host_label(url) if made.type == "openai-compatible" and kind.base_url is None else deployment.provider
        label = {"openai-compatible": label}.get(made.type, made.type)
        return Connection(self._reached(made, deployment), name, label or "server", host_label(url))

    def _azure(self, deployment: Deployment) -> Connection:
        params = deployment.params
        if any(name in params for name in _AZURE_OTHERS):
            return self._sdk(deployment)
        written = _address(params) or self._environ.get("AZURE_API_BASE")
        if written is None:
            raise CannotCarry("It names no api_base, the address of the Azure resource. Name it and import again.")
        url = base_url(deployment.kind, written)
        version = params.text("api_version") or azure_version(written) or self._environ.get("AZURE_API_VERSION")
        made = Provider(name="x", type="azure", base_url=url, api_version=version)
        if any(name in params for name in _AZURE_APPLICATION):
            credentials = {name: self._key(deployment, name) for name in _AZURE_APPLICATION if name in params}
            if "azure_scope" in params:
                credentials["scope"] = params.text("azure_scope") or ""
            made = _with(made, credentials=credentials)
            if "api_key" in params:
                params.left("api_key", "The application's tenant_id, client_id and client_secret are used instead.")
        elif "api_key" in params:
            made = _with(made, api_key=self._key(deployment, "api_key"))
        else:
            made = _with(made, api_key=self._secrets.variable("AZURE_API_KEY"))
        name = re.sub(r"^(o_series|gpt5_series|responses)/", "", deployment.model)
        if not name:
            raise CannotCarry("It names no deployment of Azure. Write azure/DEPLOYMENT as its model and import again.")
        return Connection(self._reached(made, deployment), name, "azure", host_label(url))

    def _bedrock(self, deployment: Deployment) -> Connection:
        params = deployment.params
        if any(name in params for name in _AWS_ROLES):
            return self._sdk(deployment)
        name, named = deployment.model, None
        for part in ("converse/", "invoke/"):
            name = name.removeprefix(part)
        first, slash, rest = name.partition("/")
        if slash and _AWS_REGION.fullmatch(first):
            name, named = rest, first
        if "/" in name and not name.startswith("arn:"):
            return self._sdk(deployment)
        region = (
            params.text("aws_region_name")
            or params.text("region_name")
            or named
            or self._first_set("AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION")
        )
        if region is None:
            raise CannotCarry("It names no aws_region_name, and AWS_REGION is not set here. Name the region and import again.")
        written = params.text("aws_bedrock_runtime_endpoint") or _address(params)
        made = Provider(name="x", type="bedrock", region=region, base_url=written and checked(written))
        if "api_key" in params:
            made = _with(made, api_key=self._key(deployment, "api_key"))
        else:
            made = _with(made, credentials=self._aws_keys(deployment))
        return Connection(self._reached(made, deployment), name, "bedrock", region)

    def _aws_keys(self, deployment: Deployment) -> dict[str, str]:
        params = deployment.params
        if any(name in params for name in _AWS_KEYS):
            names = [*_AWS_KEYS, *(["aws_session_token"] if "aws_session_token" in params else [])]
            return {name: self._key(deployment, name) for name in names}
        params.changed(
            "model",
            "It names no keys. Stoa signs with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as they are when applied; "
            "it takes no key from a machine's role or from a profile.",
        )
        return {name: self._secrets.variable(name.upper()) for name in _AWS_KEYS}

    def _vertex(self, deployment: Deployment) -> Connection:
        params, name = deployment.params, deployment.model
        claude = name.startswith(("claude", "anthropic/"))
        if not (claude or _GOOGLES_OWN.match(name)) or _address(params) is not None:
            return self._sdk(deployment)
        project = params.text("vertex_project") or params.text("vertex_ai_project") or self._first_set("VERTEXAI_PROJECT")
        if project is None:
            raise CannotCarry("It names no vertex_project, and VERTEXAI_PROJECT is not set here. Name it and import again.")
        region = params.text("vertex_location") or params.text("vertex_ai_location") or params.text("region_name")
        region = region or self._first_set("VERTEXAI_LOCATION") or "us-central1"
        made = Provider(
            name="x", type="vertex", project=project, region=region, speaks=("messages",) if claude else None,
            credentials={"service_account": self._service_account(deployment)},
        )  # fmt: skip
        name = name.removeprefix("anthropic/").removeprefix("google/")
        return Connection(self._reached(made, deployment), name, "vertex", f"claude-{region}" if claude else region)

    def _service_account(self, deployment: Deployment) -> str:
        params = deployment.params
        written = params.take("vertex_credentials")
        wanted = "vertex_service_account"
        if isinstance(written, dict):
            return self._secrets.refer(json.dumps(written), wanted)
        if isinstance(written, str) and (variable_of(written) is not None or written.lstrip().startswith("{")):
            if variable_of(written) is not None:
                params.changed("vertex_credentials", "The variable must hold the text of the key file, not its path.")
            return self._secrets.refer(written, wanted)
        file = written if isinstance(written, str) else self._first_set("GOOGLE_APPLICATION_CREDENTIALS")
        if file is not None:
            return self._secrets.file(file, wanted)
        params.changed(
            "model",
            "It names no vertex_credentials. Stoa takes the key file of a service account, as text in VERTEX_SERVICE_ACCOUNT, "
            "and no application default credentials.",
        )
        return self._secrets.variable("VERTEX_SERVICE_ACCOUNT")

    def _gemini(self, deployment: Deployment) -> Connection:
        return self._sdk(deployment) if _address(deployment.params) is not None else self._plain(deployment)

    def _sdk(self, deployment: Deployment) -> Connection:
        """Through LiteLLM's own SDK, which takes the same arguments as the proxy."""
        params = deployment.params
        written = _address(params)
        made = Provider(name="x", type="litellm", base_url=written and checked(written), api_version=params.text("api_version"))
        if "api_key" in params:
            made = _with(made, api_key=self._key(deployment, "api_key"))
        region = params.text("aws_region_name") or params.text("vertex_location") or params.text("region_name")
        made = _with(made, region=region, project=params.text("vertex_project"))
        credentials = {
            name: self._secrets.refer(_text(params.take(name)), f"{deployment.provider}_{name}")
            for name in _SDK_CREDENTIALS
            if name in params
        }
        params.changed(
            "model",
            "Stoa reaches it through LiteLLM's SDK, which is slower and an extra: pip install 'stoa[litellm]'. Credentials "
            "that are not written down, the SDK looks for in the environment of the gateway.",
        )
        made = _with(made, credentials=credentials)
        label = f"{deployment.provider}-sdk" if deployment.provider in KINDS else deployment.provider
        return Connection(
            self._reached(made, deployment),
            f"{deployment.provider}/{deployment.model}",
            label,
            region or host_label(made.base_url),
        )

    def _reached(self, made: Provider, deployment: Deployment) -> Provider:
        """Headers, certificates and timeouts, which are the same for all."""
        params = deployment.params
        headers = self._headers(deployment)
        organization = params.get("organization")
        if isinstance(organization, str):
            headers["OpenAI-Organization"] = params.text("organization") or ""
        elif organization is not None:
            params.left(
                "organization",
                "It is a list. Write one model for each, each with a provider that has the header OpenAI-Organization.",
            )
        verify = params.get("ssl_verify")
        if isinstance(verify, str):
            made = _with(made, tls_ca=params.text("ssl_verify"))
        elif verify is False:
            params.left("ssl_verify", "Stoa always verifies certificates. Name the one to trust with the provider's tls_ca.")
        elif verify is True:
            params.take("ssl_verify")
        first = params.number("timeout") or self._timeouts.get("timeout")
        idle = params.number("stream_timeout") or self._timeouts.get("stream_timeout")
        if first is not None:
            made = _with(made, first_byte_timeout_s=first)
        if idle is not None:
            made = _with(made, idle_timeout_s=idle)
        return _with(made, headers=headers)

    def _headers(self, deployment: Deployment) -> dict[str, str]:
        params = deployment.params
        found: dict[str, str] = {}
        for name in ("headers", "extra_headers"):
            if not isinstance(params.get(name), dict):
                continue
            written = cast("dict[str, object]", params.take(name))  # cast: a document's mappings have text keys
            for header, value in written.items():
                if not _HEADER_NAME.fullmatch(header) or not _HEADER_VALUE.fullmatch(str(value)):
                    params.account.left((*params.path(name), header), "No header can carry it.")
                    continue
                secret = variable_of(value) is not None or _SECRET_HEADER.search(header) is not None
                found[header] = self._secrets.refer(value, f"{deployment.provider}_{header}") if secret else str(value)
        return found

    def _key(self, deployment: Deployment, name: str) -> str:
        value = deployment.params.take(name)
        if isinstance(value, str) and value.startswith("oidc/"):
            raise CannotCarry(f"Its {name} comes from an OIDC provider, which Stoa does not ask. Give it a key of its own.")
        wanted = name if name.startswith("aws_") else f"{deployment.provider}_{name}"
        return self._secrets.refer(_text(value), wanted)

    def _first_set(self, *names: str) -> str | None:
        return next((found for name in names if (found := self._environ.get(name))), None)


def _with(made: Provider, **fields: object) -> Provider:
    return msgspec.structs.replace(made, **fields)


def _address(params: Fields) -> str | None:
    return params.text("api_base") or params.text("base_url")


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _no_server() -> Connection:
    raise CannotCarry(
        "It runs vLLM inside of LiteLLM. Start a server with `vllm serve`, and name it as api_base with hosted_vllm/."
    )
