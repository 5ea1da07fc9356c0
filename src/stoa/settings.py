"""Settings: one frozen tree, read once from `stoa.yaml` and `STOA_*`, and handed in. No other file reads the environment.

Order, last wins: defaults, the file, the environment, the command line. A nested field is named with two underscores in
the environment: `STOA_GATEWAY__BODY_BYTES=1048576`; commas separate a list there. Unknown names are errors, in the file and
in the environment.
"""

import os
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from stoa.errors import SettingsError
from stoa.kit.home import Home
from stoa.kit.names import did_you_mean
from stoa.sections import (
    Bytes,
    GraphSettings,
    LedgerSettings,
    ObjectSettings,
    Port,
    RedisSettings,
    Seconds,
    Section,
    TelemetrySettings,
    VectorsSettings,
    WorkerSettings,
    check_control,
    check_replicas,
)


class GatewaySettings(Section, frozen=True):
    header_bytes: Bytes = 32_768
    """Largest request head: request line and all headers."""
    body_bytes: Bytes = 16_777_216
    """Largest request body on /v1."""
    form_bytes: Bytes = 67_108_864
    """Largest one that may hold files: sound to be written down, images to be changed."""
    upload_bytes: Bytes = 268_435_456
    """Largest request body on the rest, which is proxied: document uploads."""
    read_timeout_s: Seconds = 30.0
    """From the first byte of a request to its last."""
    keep_alive_s: Seconds = 75.0
    """How long an idle connection is kept."""
    drain_s: Seconds = 20.0
    """How long a stopping gateway waits for the requests under way."""
    max_connections: Annotated[int, Meta(ge=1)] = 10_000
    cache_bytes: Annotated[int, Meta(ge=0)] = 67_108_864
    """Memory for cached answers; 0 switches the cache off."""
    content_bytes: Annotated[int, Meta(ge=1)] = 262_144
    """Where a team keeps what was asked and answered: so much of either."""
    requests_per_minute: Annotated[int, Meta(ge=1)] = 600
    """Limit of a key that names none of its own."""
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    """Gateway processes that share the entry's port; one uses one core."""
    compiled: bool = True
    """Run the hot path as machine code where `make compile` has made it of these sources; false runs it as Python."""
    replicas: Annotated[int, Meta(ge=1)] = 1
    """How many gateways there are in all, this one and those that `stoa gateway` runs elsewhere. They count in Redis."""
    tokenizers: str | None = None
    """Folder with the `tokenizer.json` files that models name; `tokenizers` in the home folder if left out."""
    control: str | None = None
    """For `stoa gateway`: where control of the Stoa it belongs to listens, such as http://10.0.0.5:8421."""
    tls_certificate: str | None = None
    """PEM file of the entry's certificate and those above it: with it the entry speaks https. Read anew when it changes."""
    tls_key: str | None = None
    """PEM file of the certificate's private key, without a password; if left out it lies in the certificate's file."""
    tls_client_ca: str | None = None
    """PEM file of authorities: clients must then show a certificate of one of them."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies whose word counts for where a request came from."""
    proxy_protocol: bool = False
    """Connections from trusted proxies begin with a PROXY header, version 1 or 2."""
    egress_allow: tuple[str, ...] = ()
    """Where providers may be: hosts, *.suffixes, addresses or networks; anywhere but at link-local addresses if empty."""

    def __post_init__(self) -> None:
        """Raises SettingsError for settings that do not fit together."""
        if self.tls_certificate is None and (found := self.tls_key or self.tls_client_ca):
            raise SettingsError(
                f"gateway.tls_key and gateway.tls_client_ca need gateway.tls_certificate, but only {found!r} was given.",
                param="gateway.tls_certificate",
            )
        if self.proxy_protocol and not self.trusted_proxies:
            raise SettingsError(
                "gateway.proxy_protocol needs gateway.trusted_proxies: without names anybody could claim to be anybody.",
                param="gateway.trusted_proxies",
            )
        if self.control is not None:
            check_control(self.control)
        if self.trusted_proxies or self.egress_allow:
            _check_networks(self.trusted_proxies, self.egress_allow)


class ControlSettings(Section, frozen=True):
    session_hours: Annotated[int, Meta(ge=1)] = 12
    """How long a browser stays signed in."""
    sign_in_link_minutes: Annotated[int, Meta(ge=1)] = 30
    """How long a sign-in link can be used, once."""
    host: str = "127.0.0.1"
    """Address that gateways elsewhere reach control at, in plain HTTP: on a private network, or behind a TLS proxy."""
    port: Port = 0
    """Port for that; any free one if 0."""


class EngineSettings(Section, frozen=True):
    threads: Annotated[int, Meta(ge=0)] = 0
    """Threads for inference; 0 is one for each core."""
    runtime: Literal["onnxruntime", "openvino"] = "onnxruntime"
    """What embeds documents and the sentences of stoa-reader. OpenVINO, of the extra `openvino`, is faster where the processor
    multiplies bfloat16, and takes more memory; where it is not installed, gains nothing or gives other vectors, onnxruntime is
    used all the same."""


class DatabaseSettings(Section, frozen=True):
    url: str | None = None
    """SQLAlchemy URL of a PostgreSQL database, such as postgresql://user:password@host/stoa; SQLite in the home if left out."""
    jobs_url: str | None = None
    """Database of the durable jobs; for PostgreSQL the same database, for SQLite a file of its own in the home."""
    pool_size: Annotated[int, Meta(ge=1)] = 10


class Settings(Section, frozen=True):
    home: str = ".stoa"
    """Folder for all state; made with mode 0700."""
    host: str = "127.0.0.1"
    """Address to listen on. Beyond loopback, give the gateway a certificate or put TLS in front."""
    port: Port = 8420
    public_url: str | None = None
    """How people reach this Stoa, for links that it prints; http(s)://host:port if left out."""
    discover: bool = True
    """On first start, turn provider keys in the environment and an Ollama, a vLLM or a TGI on this machine into providers."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    gateway: GatewaySettings = GatewaySettings()
    control: ControlSettings = ControlSettings()
    worker: WorkerSettings = WorkerSettings()
    engine: EngineSettings = EngineSettings()
    database: DatabaseSettings = DatabaseSettings()
    objects: ObjectSettings = ObjectSettings()
    redis: RedisSettings = RedisSettings()
    vectors: VectorsSettings = VectorsSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    ledger: LedgerSettings = LedgerSettings()
    graph: GraphSettings = GraphSettings()

    def __post_init__(self) -> None:
        """Raises SettingsError."""
        check_replicas(self.gateway.replicas, self.redis)

    @property
    def home_folder(self) -> Home:
        return Home(Path(self.home).expanduser().absolute())

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared, not bound
        scheme = "https" if self.gateway.tls_certificate else "http"
        return self.public_url or f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.home_folder.database}"

    @property
    def jobs_database_url(self) -> str:
        return self.database.jobs_url or self.database.url or f"sqlite:///{self.home_folder.jobs_database}"


SECRET_FIELDS = frozenset(
    {
        "database.url", "database.jobs_url", "redis.url", "telemetry.otlp_headers", "vectors.token", "objects.secret",
        "graph.password", "graph.token",
    }
)  # fmt: skip
"""Fields that may hold a secret; shown masked."""

NOT_SETTINGS = frozenset({"STOA_CONFIG", "STOA_URL", "STOA_TOKEN", "STOA_KEY"})
"""Variables of the command line: where its settings file lies, which Stoa it talks to, and with which keys."""


class Loaded(msgspec.Struct, frozen=True):
    """Settings and, for each dotted field, where its value came from."""

    settings: Settings
    origin: dict[str, str]


def load(
    *, file: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> Loaded:
    """Read the settings. Raises SettingsError naming the field, what was found and what to do.

    `file` defaults to $STOA_CONFIG, else `stoa.yaml` in the working folder if there is one. `overrides` are dotted
    fields from the command line.
    """
    environ = os.environ if environ is None else environ
    explicit = file or (Path(environ["STOA_CONFIG"]) if "STOA_CONFIG" in environ else None)
    path = explicit or Path("stoa.yaml")
    tree: dict[str, Any] = {}  # Any: values before they are checked
    origin = dict.fromkeys(fields(), "default")
    if explicit or path.is_file():
        _merge_file(tree, origin, path)
    for variable, value in sorted(environ.items()):
        if variable.startswith("STOA_") and variable not in NOT_SETTINGS:
            _merge_variable(tree, origin, variable, value)
    for dotted, value in (overrides or {}).items():
        _set(tree, dotted, value)
        origin[dotted] = "command line"
    try:
        return Loaded(msgspec.convert(tree, Settings, strict=False), origin)
    except msgspec.ValidationError as error:
        raise _explain(error, tree, origin) from None


def fields(section: type[msgspec.Struct] = Settings, prefix: str = "") -> dict[str, Any]:
    """Every setting by dotted name, with its type. Any: types are values of many kinds."""
    found: dict[str, Any] = {}
    for name, kind in typing.get_type_hints(section, include_extras=True).items():
        if isinstance(kind, type) and issubclass(kind, Section):
            found |= fields(kind, f"{prefix}{name}.")
        else:
            found[prefix + name] = kind
    return found


def environment() -> Mapping[str, str]:
    """All variables, for the `${env:NAME}` of resource files, which whoever writes the file names."""
    return os.environ


def set_for_library(variables: Mapping[str, str]) -> None:
    """Variables that a library reads when it is imported; what the operator set stays."""
    for name, value in variables.items():
        os.environ.setdefault(name, value)


def effective(settings: Settings) -> dict[str, object]:
    """Every setting's value by dotted name, those that may hold a secret masked."""

    def value(dotted: str) -> object:
        found: object = settings
        for part in dotted.split("."):
            found = getattr(found, part)
        return "********" if dotted in SECRET_FIELDS and found is not None else found

    return {dotted: value(dotted) for dotted in fields()}


def _check_networks(proxies: tuple[str, ...], egress: tuple[str, ...]) -> None:
    """Raises SettingsError for what is neither an address nor a network, nor, for egress, the name of a host."""
    from stoa.kit.networks import is_host_pattern, network  # late: few name any

    for field, entries, names in (("trusted_proxies", proxies, False), ("egress_allow", egress, True)):
        for entry in entries:
            try:
                network(entry)
            except ValueError:
                if not names or not is_host_pattern(entry):
                    meant = "a host such as api.openai.com, *.example.com, " if names else ""
                    raise SettingsError(
                        f"Setting 'gateway.{field}': {entry!r} is not {meant}an address or a network such as 10.0.0.0/8.",
                        param=f"gateway.{field}",
                    ) from None


def _merge_file(tree: dict[str, Any], origin: dict[str, str], path: Path) -> None:
    import yaml  # late: a start without a settings file does not need it

    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The settings file {str(path)!r} cannot be read: {error.strerror}.") from error
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingsError(f"The settings file {str(path)!r} is not valid YAML: {error}") from error
    if content is None:
        return
    if not isinstance(content, dict):
        raise SettingsError(
            f"The settings file {str(path)!r} must hold fields and values, but it is a {type(content).__name__}."
        )
    for dotted, value in _flatten(cast("dict[str, Any]", content)):  # cast: YAML mappings have no value type
        if dotted not in origin:
            known = [*origin, *_sections()]
            raise SettingsError(f"Unknown setting {dotted!r} in {str(path)!r}.{did_you_mean(dotted, known)}", param=dotted)
        _set(tree, dotted, value)
        origin[dotted] = str(path)


def _merge_variable(tree: dict[str, Any], origin: dict[str, str], variable: str, value: str) -> None:
    dotted = variable.removeprefix("STOA_").lower().replace("__", ".")
    if dotted not in origin:
        known = ["STOA_" + name.upper().replace(".", "__") for name in origin]
        raise SettingsError(f"Unknown setting {variable!r} in the environment.{did_you_mean(variable, known)}", param=dotted)
    several = typing.get_origin(fields()[dotted]) is tuple
    _set(tree, dotted, [part.strip() for part in value.split(",") if part.strip()] if several else value)
    origin[dotted] = variable


def _flatten(content: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    sections = _sections()
    pairs: list[tuple[str, Any]] = []
    for key, value in content.items():
        dotted = f"{prefix}{key}"
        if dotted in sections and isinstance(value, dict):
            pairs += _flatten(cast("dict[str, Any]", value), f"{dotted}.")  # cast: YAML mappings have no value type
        elif dotted in sections and value is None:
            continue
        else:
            pairs.append((dotted, value))
    return pairs


def _sections() -> set[str]:
    return {name.rsplit(".", 1)[0] for name in fields() if "." in name}


def _set(tree: dict[str, Any], dotted: str, value: object) -> None:
    *parents, leaf = dotted.split(".")
    for parent in parents:
        tree = tree.setdefault(parent, {})
    tree[leaf] = value


def _explain(error: msgspec.ValidationError, tree: dict[str, Any], origin: dict[str, str]) -> SettingsError:
    reason, _, where = str(error).partition(" - at `$.")
    dotted = where.rstrip("`")
    found: Any = tree  # Any: values before they are checked
    for part in dotted.split(".") if dotted else []:
        found = cast("dict[str, Any]", found).get(part) if isinstance(found, dict) else None
    shown = "********" if dotted in SECRET_FIELDS else repr(found)
    source = origin.get(dotted, "the settings")
    return SettingsError(f"Setting {dotted!r} from {source}: {reason[0].lower()}{reason[1:]}, but found {shown}.", param=dotted)
