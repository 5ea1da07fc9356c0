"""What sections of the settings are made of, and those that have grown too large for the tree's own file."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from stoa.errors import SettingsError

Seconds = Annotated[float, Meta(gt=0)]
Bytes = Annotated[int, Meta(ge=1)]
Port = Annotated[int, Meta(ge=0, le=65535)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A node of the tree."""


class LedgerSettings(Section, frozen=True):
    """How long what is kept. Content has no time here: each team says for itself whether and how long it is kept."""

    usage_days: Annotated[int, Meta(ge=1)] = 400
    """Of every request: who asked what model, tokens and cost. What teams have spent is kept for good."""
    trace_days: Annotated[int, Meta(ge=1)] = 30
    """Of every request: why it went the way it went."""
    job_days: Annotated[int, Meta(ge=1)] = 30
    """Of jobs and syncs that have ended: how they went. The last sync of each source stays, and jobs of documents that stay."""
    version_days: Annotated[int, Meta(ge=1)] = 400
    """Of resources: what they were before a change, or before they were deleted, counted from that day on."""


class TelemetrySettings(Section, frozen=True):
    """What the gateway tells of its requests besides its metrics. Never their content."""

    log_requests: Literal["none", "errors", "all"] = "errors"
    """Which requests get a line in the gateway's log: those that failed or were refused, all, or none."""
    decisions: Literal["all", "sampled", "errors"] = "all"
    """Which requests leave a record of why they went the way they went: all, those that did not go well and a share of the
    others, or those that did not go well alone."""
    decision_ratio: Annotated[float, Meta(ge=0, le=1)] = 0.05
    """That share."""
    otlp_endpoint: str | None = None
    """Base URL of an OpenTelemetry collector's OTLP over HTTP, such as http://127.0.0.1:4318; no traces if left out."""
    otlp_headers: str | None = None
    """Headers for it, such as `api-key=...`; several are separated by commas."""
    sample_ratio: Annotated[float, Meta(ge=0, le=1)] = 0.01
    """Share of requests that are traced, where a client has not decided by a `traceparent` of its own."""

    @property
    def decision_share(self) -> float:
        """Of the requests that went well, how many leave a decision record."""
        return {"all": 1.0, "sampled": self.decision_ratio, "errors": 0.0}[self.decisions]

    def __post_init__(self) -> None:
        """Raises SettingsError."""
        if self.otlp_endpoint is not None:
            _check_endpoint(self.otlp_endpoint)
        _ = self.headers

    @property
    def headers(self) -> dict[str, str]:
        """The headers by name. Raises SettingsError."""
        found: dict[str, str] = {}
        for pair in filter(None, (part.strip() for part in (self.otlp_headers or "").split(","))):
            name, equals, value = (part.strip() for part in pair.partition("="))
            if not (equals and name and value and name.isascii() and value.isprintable() and " " not in name):
                raise SettingsError(
                    "Setting 'telemetry.otlp_headers' must be name=value, several separated by commas; a part of it is not.",
                    param="telemetry.otlp_headers",
                )
            found[name] = value
        return found


class WorkerSettings(Section, frozen=True):
    """Long work: documents, batches."""

    parse_timeout_s: Seconds = 120.0
    """Longest that one document may take to parse before it is reported as broken."""
    document_bytes: Bytes = 134_217_728
    """Largest single document."""
    ocr_languages: tuple[Annotated[str, Meta(pattern=r"^[A-Za-z_]+$")], ...] = ("eng",)
    """Languages of scanned pages, as Tesseract names them, where it is installed; none leaves such pages unread."""
    batch_parallel: Annotated[int, Meta(ge=1, le=256)] = 8
    """How many lines of one batch are asked at once."""
    folders: tuple[str, ...] = ()
    """Folders of this machine that sources may read, and all below them; none if empty."""
    website_allow: tuple[str, ...] = ()
    """Hosts, *.suffixes, addresses or networks that sources may read websites from although they are not public."""
    partition_from: Annotated[int, Meta(ge=1)] = 300
    """A job of at least so many documents is processed in partitions, beside this process or on Ray."""
    partition_processes: Annotated[int, Meta(ge=1, le=64)] = 1
    """How many processes of this machine work on a partition; Ray decides for itself."""
    ray_address: str | None = None
    """Where partitions are processed: a Ray cluster such as 10.0.0.7:6379 or ray://10.0.0.7:10001. Needs the extra `ray`, one
    object store that all machines reach, and Stoa installed on them; this machine alone if left out."""
    ray_gateway_url: str | None = None
    """How Ray's machines reach the gateway to have texts embedded; the worker asks for all of them if left out."""
    partition_embedding: Literal["gateway", "local"] = "gateway"
    """Who embeds the texts of partitions for stoa-embed: the gateway's models, or the process that cuts them."""

    def __post_init__(self) -> None:
        """Raises SettingsError."""
        for field in ("ray_address", "ray_gateway_url"):
            found = getattr(self, field)
            if found is not None and not found.strip():
                raise SettingsError(f"Setting 'worker.{field}' is empty; leave it out.", param=f"worker.{field}")


class GraphSettings(Section, frozen=True):
    """The knowledge graph: what a SPARQL query may take, and where the graph lies."""

    timeout_s: Seconds = 10.0
    """Longest that a query may take."""
    rows: Annotated[int, Meta(ge=1)] = 10_000
    """Most rows or triples of an answer."""
    answer_bytes: Bytes = 16_777_216
    memory_bytes: Bytes = 1_073_741_824
    """Most memory that one query may take; not of an endpoint's."""
    at_once: Annotated[int, Meta(ge=1, le=64)] = 4
    """Queries that are under way at once; further ones wait."""
    views: Annotated[int, Meta(ge=1)] = 32
    """Of how many kinds of callers of a collection, told apart by their rights in it, the graph is kept ready."""
    query_url: str | None = None
    """A SPARQL 1.1 endpoint that keeps the graphs, such as https://host:8182/sparql; in the home folder if left out."""
    update_url: str | None = None
    """Where it takes updates; the same if left out."""
    user: str | None = None
    password: str | None = None
    token: str | None = None
    """Sent as a bearer token, instead of user and password."""

    def __post_init__(self) -> None:
        """Raises SettingsError."""
        for name, url in (("query_url", self.query_url), ("update_url", self.update_url)):
            if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
                raise SettingsError(
                    f"Setting 'graph.{name}' must be an http or https URL, but found {url!r}.", param=f"graph.{name}"
                )
        if self.query_url is None and (self.update_url or self.user or self.token):
            raise SettingsError("graph.update_url, graph.user and graph.token need graph.query_url.", param="graph.query_url")
        if self.user is not None and self.token is not None:
            raise SettingsError(
                "An endpoint is given graph.user with graph.password or graph.token, not both.", param="graph.token"
            )


class RedisSettings(Section, frozen=True):
    """What gateways on several machines share: cached answers, limits and budgets. Needs the extra `redis`."""

    url: str | None = None
    """Such as redis://user:password@host:6379/0, rediss:// for TLS, or unix:///path; nothing is shared if left out."""
    timeout_s: Annotated[float, Meta(gt=0, le=0.05)] = 0.05
    """The longest that a request waits for it. A Redis that does not answer is left alone until it does."""

    def __post_init__(self) -> None:
        """Raises SettingsError, which never shows the URL: a password may be in it."""
        if self.url is not None and not _is_redis(self.url):
            raise SettingsError(
                "Setting 'redis.url' must be redis://host:port/number, rediss://... or unix:///path; what was found is not.",
                param="redis.url",
            )


class VectorsSettings(Section, frozen=True):
    """Where the index of passages is."""

    url: str | None = None
    """A folder, for LanceDB, or a Milvus server such as http://10.0.0.7:19530 (extra `milvus`); `vectors` in the home folder
    if left out. Move what is there with `stoa vectors migrate` before changing it."""
    token: str | None = None
    """For Milvus: user:password, or a key."""
    cache_bytes: Bytes = 1_073_741_824
    """Most memory that the gateway keeps LanceDB's indices in, about 350 bytes a passage; what is beyond is read again."""

    def __post_init__(self) -> None:
        """Raises SettingsError."""
        if self.url is not None:
            check_vectors(self.url)


class ObjectSettings(Section, frozen=True):
    """Where raw files, what parsers made of them, batches and snapshots are."""

    url: str | None = None
    """A folder, or s3://bucket/prefix; `objects` in the home folder if left out."""
    endpoint: str | None = None
    """Of S3 that is not Amazon's, such as https://minio.example.com:9000."""
    region: str | None = None
    key_id: str | None = None
    """Access key; if left out it comes from where the machine or the pod has its own, as AWS does it."""
    secret: str | None = None
    """The access key's secret."""

    def __post_init__(self) -> None:
        """Raises SettingsError, which never shows the secret."""
        if self.url is not None and "://" in self.url:
            place = urlsplit(self.url)
            if place.scheme != "s3" or not place.hostname or place.username or place.query or place.fragment:
                raise SettingsError(
                    f"Setting 'objects.url': expected a folder or s3://bucket/prefix, but found {place.scheme + '://...'!r}.",
                    param="objects.url",
                )
        elif self.endpoint or self.key_id or self.secret:
            raise SettingsError(
                "objects.endpoint, objects.key_id and objects.secret are for an objects.url such as s3://bucket/prefix.",
                param="objects.url",
            )
        if (self.key_id is None) != (self.secret is None):
            raise SettingsError("objects.key_id and objects.secret belong together: set both or none.", param="objects.key_id")


def check_vectors(url: str, *, setting: str = "vectors.url") -> None:
    """Raises SettingsError, which names the setting and never shows what may be a password."""
    if "://" not in url:
        return
    place = urlsplit(url)
    if place.scheme not in ("http", "https") or not place.hostname:
        raise SettingsError(
            f"Setting {setting!r}: expected a folder, or a Milvus server such as http://10.0.0.7:19530, but found "
            f"{place.scheme + '://...'!r}.",
            param=setting,
        )
    if place.username is not None or place.password is not None or place.query or place.fragment:
        raise SettingsError(
            f"Setting {setting!r} must hold no user, no password and nothing behind the address; put who you are into "
            "vectors.token.",
            param=setting,
        )


def check_replicas(replicas: int, redis: RedisSettings) -> None:
    """Raises SettingsError for several gateways without a place to count together."""
    if replicas > 1 and redis.url is None:
        raise SettingsError(
            f"gateway.replicas is {replicas}, but redis.url is not set: gateways on several machines would each let all of a "
            "limit and all of a budget through. Name one Redis in redis.url for all of them. On one machine, "
            "gateway.workers needs none.",
            param="redis.url",
        )


def check_control(url: str) -> None:
    """Raises SettingsError."""
    place = urlsplit(url)
    if place.scheme not in ("http", "https") or not place.hostname or place.path not in ("", "/") or place.query:
        raise SettingsError(
            f"Setting 'gateway.control': expected a base URL such as http://10.0.0.5:8421, but found {url!r}.",
            param="gateway.control",
        )


def _is_redis(url: str) -> bool:
    try:
        place = urlsplit(url)
        _ = place.port
    except ValueError:
        return False
    if place.scheme == "unix":
        return not place.netloc.rpartition("@")[2] and place.path not in ("", "/")
    number = place.path.removeprefix("/")
    return place.scheme in ("redis", "rediss") and bool(place.hostname) and (not number or number.isdecimal())


def _check_endpoint(url: str) -> None:
    field = "telemetry.otlp_endpoint"
    place = urlsplit(url)
    if place.username is not None or place.password is not None:
        raise SettingsError(
            f"Setting {field!r} must hold no user and no password; put them into telemetry.otlp_headers.", param=field
        )
    if place.scheme not in ("http", "https") or not place.hostname or place.query or place.fragment:
        raise SettingsError(
            f"Setting {field!r}: expected a base URL such as http://127.0.0.1:4318, but found {url!r}.", param=field
        )
