"""Desired state: the kinds that `stoa apply` takes. Unknown fields are errors; defaults are what most people want.

A resource is written as YAML, one document each: `kind`, `name`, then the fields of that kind beside them.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stoa.domain.datastores import Query
from stoa.domain.guardrails import Guard
from stoa.domain.operations import ClientForm, ErrorClass, Operation
from stoa.domain.periods import Period
from stoa.domain.providers import ProviderType, base_url_of
from stoa.domain.reranking import Rerank
from stoa.domain.sources import Origin

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Positive = Annotated[int, Meta(ge=1)]


class _Resource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    name: Name
    description: str = ""


class HealthCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Asks the provider regularly whether it is there, so that one that is away is passed over before a request finds out."""

    path: Annotated[str, Meta(pattern=r"^/[^\s?#]*$")] = "/models"
    """Below the base URL; any status under 500 counts as healthy, except 401 and 403."""
    every_s: Annotated[float, Meta(ge=0.5)] = 10.0


class Provider(_Resource, frozen=True, tag_field="kind", tag="Provider"):
    """An upstream, spoken to in the form of its type."""

    type: ProviderType = "openai-compatible"
    base_url: Annotated[str, Meta(pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$")] | None = None
    """Up to and including the version, such as https://api.openai.com/v1; the type's own address when left out."""
    api_key: str | None = None
    """Sent as the type wants it. `${env:NAME}` is read from the environment of the one who applies; stored encrypted."""
    credentials: dict[str, str] = {}
    """For types that need more than a key, such as aws_access_key_id and aws_secret_access_key; stored encrypted."""
    headers: dict[str, str] = {}
    """Further headers for every request; stored encrypted."""
    region: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
    """Of AWS or Google."""
    project: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.:-]{0,99}$")] | None = None
    """Of Google."""
    api_version: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")] | None = None
    """Of Azure or Anthropic; the one this version of Stoa was made for when left out."""
    speaks: tuple[ClientForm, ...] | None = None
    """Forms that the server answers itself, so that they pass untouched; what the type is known to speak when left out."""
    connect_timeout_s: Annotated[float, Meta(gt=0)] = 5.0
    first_byte_timeout_s: Annotated[float, Meta(gt=0)] = 120.0
    idle_timeout_s: Annotated[float, Meta(gt=0)] = 60.0
    """Between two pieces of a stream."""
    max_connections: Positive = 1024
    tls_ca: str | None = None
    """Path of a file with the certificates to trust, instead of the system's."""
    tls_certificate: str | None = None
    """Path of the certificate that this gateway shows (mutual TLS); with `tls_key`."""
    tls_key: str | None = None
    health: HealthCheck | None = None

    @property
    def url(self) -> str:
        """Where it is reached. `References` makes sure that there is an address."""
        return base_url_of(self.type, self.base_url, self.region) or ""


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """US dollars, as text so that no cent is lost to floating point. Classes that are left out cost what they are part of."""

    input_per_million: str | None = None
    """Tokens of the prompt. May be left out where requests or seconds are paid, and tokens are not."""
    output_per_million: str = "0"
    cache_read_per_million: str | None = None
    """Of the prompt, what the provider had in its cache."""
    cache_write_per_million: str | None = None
    """Of the prompt, what the provider put into its cache."""
    reasoning_per_million: str | None = None
    """Of the answer, what nobody sees."""
    audio_input_per_million: str | None = None
    audio_output_per_million: str | None = None
    image_per_million: str | None = None
    """Of the prompt, tokens of images."""
    per_request: str | None = None
    """Beside all that, whatever its size."""
    per_gpu_second: str | None = None
    """For own models: what the accelerators that serve it cost together, for as long as they work for the request."""

    def __post_init__(self) -> None:
        """Raises ValueError for a price that says nothing: left out is unknown, not free."""
        if self.input_per_million is None and self.per_request is None and self.per_gpu_second is None:
            raise ValueError("a price needs input_per_million, per_request or per_gpu_second; '0' is free")


class Model(_Resource, frozen=True, tag_field="kind", tag="Model"):
    """One model of one provider, under the name that clients use."""

    provider: Name
    upstream_name: str | None = None
    """What the provider calls it; the resource's own name when left out."""
    operation: Operation = "chat"
    price: Price | None = None
    """Without it the price list is asked; a model it does not know has unknown cost."""
    context_tokens: Positive | None = None
    tokenizer: str | None = None
    """What counts its tokens before a call: `cl100k_base`, `o200k_base`, `builtin`, a file in the gateway's folder of
    tokenizers such as `qwen3/tokenizer.json`, or `none` to estimate them. OpenAI's models are known by name if left out."""
    max_output_tokens: Positive | None = None
    """Asked for where the provider demands a number and the client names none."""
    max_parallel: Positive | None = None
    """Requests that may be under way at once in each gateway worker; further ones wait, batches behind everybody."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] | None = None
    """The name that the provider wants for the limit of the answer, where it differs from what its type is known for."""
    drop_fields: tuple[str, ...] = ()
    """Fields of a request that are left out on the way to this model."""
    teams: tuple[Name, ...] | None = None
    """Teams that may use it; all when left out."""


class _Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    pass


class Target(_Policy, frozen=True):
    """One of the models of a route."""

    model: Name
    weight: Annotated[int, Meta(ge=0)] = 1
    """Its share of the requests: canary 5, stable 95."""
    arm: Name | None = None
    """What this share is called in usage facts; the model's name when left out."""
    tags: tuple[Name, ...] = ()
    """For the strategy `tagged`: requests that name one of these in `x-stoa-tags` go here."""


class Fallback(_Policy, frozen=True):
    """A model that is tried after the targets, for failures of these classes."""

    model: Name
    on: tuple[ErrorClass, ...] = ("rate_limit", "timeout", "server_error", "credentials", "not_found")


class Retries(_Policy, frozen=True):
    """Further tries at the same target before the next one."""

    attempts: Annotated[int, Meta(ge=0, le=5)] = 0
    on: tuple[ErrorClass, ...] = ("rate_limit", "timeout", "server_error")
    wait_s: Annotated[float, Meta(ge=0)] = 0.25
    """Before the first; doubled for each further one, with full jitter. A Retry-After of the provider comes before it."""
    most_wait_s: Annotated[float, Meta(ge=0)] = 5.0
    """A provider that wants a longer wait is not waited for."""
    budget: Annotated[float, Meta(ge=0, le=1)] = 0.2
    """Retries and hedges may add at most this share to the route's requests, so that they never double a failing load."""


class Breaker(_Policy, frozen=True):
    """Stops asking a target that only fails."""

    failures: Positive = 5
    """In a row; one 429 with Retry-After counts as all of them."""
    cooldown_s: Annotated[float, Meta(gt=0)] = 10.0
    """Until the first probe; doubled while probes fail."""
    most_cooldown_s: Annotated[float, Meta(gt=0)] = 120.0


class Timeouts(_Policy, frozen=True):
    """Of one try. What is left out is as the provider says, or without limit."""

    first_token_s: Annotated[float, Meta(gt=0)] | None = None
    """To the first content of a stream, or to a whole answer's first byte."""
    idle_s: Annotated[float, Meta(gt=0)] | None = None
    total_s: Annotated[float, Meta(gt=0)] | None = None
    min_tokens_per_s: Annotated[float, Meta(gt=0)] | None = None
    """A stream slower than this over ten seconds is given up."""


class Hedge(_Policy, frozen=True):
    """A second target is asked when the first is slow; the first answer wins, the other is cancelled and not billed."""

    after_s: Annotated[float, Meta(gt=0)] | None = None
    """When left out, the target's own 95th percentile: to the first content of a stream, or to the end of a whole answer."""
    least_s: Annotated[float, Meta(gt=0)] = 0.05


class Shadow(_Policy, frozen=True):
    """A share of the requests is also sent to another model, whose answer nobody sees; its cost is a fact of its own."""

    model: Name
    share: Annotated[float, Meta(gt=0, le=1)] = 1.0


CACHE_TTL_S = 3600


class CachePolicy(_Policy, frozen=True):
    """Which answers of a route are kept, for how long, and for whom."""

    ttl_s: Positive = CACHE_TTL_S
    max_temperature: Annotated[float, Meta(ge=0, le=2)] = 0.3
    """Requests above it want another answer each time."""
    shared: Literal["team", "key"] = "team"
    """With those of the team who have the same rights; or with nobody: it stays with the key, or the person signed in."""
    semantic: bool = False
    """Whether a question that means the same as one before gets its answer."""
    similarity: Annotated[float, Meta(gt=0, le=1)] | None = None
    """How near it has to be, by cosine; what was measured to be safe if left out."""


Strategy = Literal["weighted", "ordered", "least_busy", "lowest_latency", "cheapest", "tagged", "complexity"]


class Route(_Resource, frozen=True, tag_field="kind", tag="Route"):
    """A name that stands for several models: one is chosen by the strategy, the others and `fallback` follow on failure."""

    targets: Annotated[tuple[Target, ...], Meta(min_length=1)]
    strategy: Strategy = "weighted"
    """`complexity`: targets from small to large; simple requests begin with the first, one that fails to answer escalates."""
    sticky: bool = False
    """One user, or one key without a user, keeps being sent to the same target while it can be used."""
    fallback: tuple[Name | Fallback, ...] = ()
    retries: Retries = Retries()
    breaker: Breaker = Breaker()
    timeouts: Timeouts = Timeouts()
    hedge: Hedge | None = None
    shadow: Shadow | None = None
    cache: bool | CachePolicy = True
    cache_ttl_s: Positive = CACHE_TTL_S
    """The short way to write `ttl_s` of `cache`."""
    teams: tuple[Name, ...] | None = None

    @property
    def cache_policy(self) -> CachePolicy | None:
        """None where nothing is kept."""
        if isinstance(self.cache, CachePolicy):
            return self.cache
        return CachePolicy(ttl_s=self.cache_ttl_s) if self.cache else None

    @property
    def fallbacks(self) -> tuple[Fallback, ...]:
        return tuple(each if isinstance(each, Fallback) else Fallback(model=each) for each in self.fallback)


class Collection(_Resource, frozen=True, tag_field="kind", tag="Collection"):
    """A body of documents, indexed together."""

    team: Name
    """Whose documents these are: the default right on each of them."""
    embedding_model: Name = "stoa-embed"
    chunk_tokens: Annotated[int, Meta(ge=32, le=256)] = 200
    """Another model or size of chunks builds a new index beside the one that is searched."""
    switch: Literal["ready", "no-worse", "by-hand"] = "ready"
    """When that one is searched instead: once it is built, if it also does no worse on an evaluation set of the collection, or
    when somebody says so."""
    extraction_route: Name | None = None
    """A route or a model that finds relations for the knowledge graph in every passage; by rules alone if left out."""
    rerank: Rerank | None = None
    """Of its search. Questions to several collections are reranked where all of them say the same."""


class Source(_Resource, frozen=True, tag_field="kind", tag="Source"):
    """A place that documents of a collection come from, kept in step with it."""

    collection: Name
    origin: Origin
    credentials: dict[str, str] = {}
    """What the origin needs to be let in; `${env:NAME}` is read where it is applied; stored encrypted."""
    every: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,4}[smhd]$")] | None = None
    """How long after one sync the next begins, such as 15m; only when asked if left out."""
    watch: bool = False
    """Of a folder: sync as soon as something changes in it."""
    allow: tuple[str, ...] = ()
    """Tags of whom its documents are for, where they say nothing of their own; the collection's team if left out."""
    deny: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    """Patterns of paths, such as 'policies/*.pdf'; everything if left out."""
    exclude: tuple[str, ...] = ()
    most_removed: Annotated[float, Meta(ge=0, le=1)] = 0.5
    """A sync that would take away a larger share of what it brought stops and says so, until it is confirmed."""
    window: Annotated[str, Meta(pattern=r"^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$")] | None = None
    """Hours of the day in which documents are fetched and indexed, such as 22:00-06:00; rights and removals follow at all
    hours."""
    time_zone: str = "UTC"
    """Of the window, as the IANA list names it, such as Europe/Berlin."""
    paused: bool = False


class Datastore(_Resource, frozen=True, tag_field="kind", tag="Datastore"):
    """A database that assistants may ask, by the queries that stand here and by no others. Nothing is ever written."""

    queries: Annotated[tuple[Query, ...], Meta(min_length=1)]
    url: str | None = None
    """As SQLAlchemy writes it, such as postgresql://host/erp or sqlite:////srv/erp.db; one with a password goes into
    credentials, as `url`."""
    credentials: dict[str, str] = {}
    """`url`, if it holds a password; `${env:NAME}` is read where it is applied; stored encrypted."""
    teams: tuple[Name, ...] | None = None
    """Whose members may ask its queries; everybody who may ask the assistant if left out."""


class Assistant(_Resource, frozen=True, tag_field="kind", tag="Assistant"):
    """A name, a prompt, a route and collections: called as `model: assistant/<name>`."""

    title: str = ""
    prompt: str = ""
    route: Name = "stoa-reader"
    """A route or a model."""
    collections: tuple[Name, ...] = ()
    passages: Annotated[int, Meta(ge=1, le=50)] = 8
    """How many passages at most go into the prompt."""
    context_tokens: Annotated[int, Meta(ge=200)] = 3000
    """Budget for all passages together."""
    neighbours: Annotated[int, Meta(ge=0, le=5)] = 0
    """How many passages that stand before and after each one found go into the prompt too, as far as the budget goes."""
    tools: tuple[Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}(/[a-z][a-z0-9_]{0,30})?$")], ...] = ()
    """Queries that it may have looked up for an answer: `datastore/query`, or a datastore for all of its queries."""
    examples: tuple[str, ...] = ()
    """Questions the page offers to a new user."""
    teams: tuple[Name, ...] | None = None


class Guardrail(_Resource, frozen=True, tag_field="kind", tag="Guardrail"):
    """Guards over what goes to models and what comes back. Several may hold for one request; the strictest wins."""

    guards: Annotated[tuple[Guard, ...], Meta(min_length=1)]
    default: bool = False
    """It holds for everything."""
    routes: tuple[Name, ...] = ()
    """Routes and models, and the assistants that answer through them."""
    assistants: tuple[Name, ...] = ()
    teams: tuple[Name, ...] = ()


LimitScope = Literal["key", "user", "team", "model", "route"]
BudgetScope = Literal["key", "user", "team", "project", "assistant"]
Amount = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")]
Share = Annotated[float, Meta(gt=0, le=1)]
LOCAL_SHARE = 0.25


class Limit(_Resource, frozen=True, tag_field="kind", tag="Limit"):
    """How much may be asked in a time, and at once. What is over it is refused with 429."""

    scope: LimitScope
    subject: Name | None = None
    """Which key, user, team, model or route, by name; each one separately when left out."""
    requests: Positive | None = None
    tokens: Positive | None = None
    """Read and written together: estimated before the call, and put right once they are known."""
    parallel: Positive | None = None
    """Requests under way at once; it has no period."""
    per: Literal["minute", "hour", "day"] = "minute"
    """A minute is any sixty seconds; hours and days begin and end as in the time zone."""
    time_zone: str = "UTC"
    """As the IANA list names it, such as Europe/Berlin."""
    when_lost: Literal["open", "closed"] = "open"
    """What happens while the count that several gateways share cannot be reached: a part of it passes, or nothing."""
    local_share: Share = LOCAL_SHARE
    """The part of it that each gateway lets pass meanwhile, where it is open."""


class Budget(_Resource, frozen=True, tag_field="kind", tag="Budget"):
    """How much money may be spent in a calendar period. What is over `limit_usd` is refused, over `warn_usd` only said."""

    scope: BudgetScope
    subject: Name | None = None
    """Which key, user, team, project or assistant, by name; each one separately when left out."""
    per: Period = "month"
    time_zone: str = "UTC"
    """As the IANA list names it, such as Europe/Berlin."""
    limit_usd: Amount | None = None
    warn_usd: Amount | None = None
    unknown: Literal["allow", "refuse"] = "allow"
    """Requests whose cost nobody knows pass and are counted apart, or are refused."""
    when_lost: Literal["open", "closed"] = "open"
    """As a limit's. What the ledger tells counts either way."""
    local_share: Share = LOCAL_SHARE


Resource = Provider | Model | Route | Collection | Source | Datastore | Assistant | Guardrail | Limit | Budget
KINDS: tuple[type[Resource], ...] = (
    Provider,
    Model,
    Route,
    Collection,
    Source,
    Datastore,
    Assistant,
    Guardrail,
    Limit,
    Budget,
)
"""In the order in which they refer to each other."""
