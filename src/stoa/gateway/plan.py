"""The plan: the tables that a request looks into. Made once for each snapshot by `planning.py`, then only read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stoa.domain.datastores import Tool
from stoa.domain.indexes import Served
from stoa.domain.operations import ClientForm, Operation
from stoa.domain.prices import ModelPrice
from stoa.domain.reranking import Rerank
from stoa.domain.resources import Assistant, CachePolicy, Provider, Route
from stoa.domain.snapshot import Access, Caller
from stoa.domain.upstream import Door, Endpoint, Facts, Link, UpstreamForm
from stoa.gateway.counting.book import Book, Rules
from stoa.gateway.counting.gauge import Gauge
from stoa.gateway.counting.quick import Quick
from stoa.gateway.guarding.ready import Rulebook
from stoa.gateway.guarding.rules import Guarding
from stoa.gateway.routing.order import Router
from stoa.gateway.routing.retry import RetryBudget
from stoa.gateway.routing.state import TargetState


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One model of one provider, ready to be called, with its place in one route."""

    model: str
    provider: str
    upstream_name: str
    form: UpstreamForm
    native: frozenset[ClientForm]
    facts: Facts
    as_it_is: bool
    """Whether a body may pass without looking for fields that this server wants otherwise."""
    link: Link
    doors: tuple[dict[Door, Endpoint | None], dict[Door, Endpoint | None]]
    """For whole answers and for streams; filled when first asked for."""
    price: ModelPrice | None
    state: TargetState
    max_parallel: int | None
    lines: bytes
    """The answer's header lines that name the model and the arm."""
    weight: int = 1
    arm: str | None = None
    """What its share of a route is called in facts."""
    arm_line: bytes = b""
    """The header line of an arm that was given a name."""
    tags: frozenset[str] = frozenset()
    rules: Rules = ()
    """Of the model, whoever asks for it and by whatever name."""
    gauge: Gauge | None = None
    """What counts tokens as the model does; None where that is not known."""

    def door(self, door: Door, stream: bool) -> Endpoint | None:
        """Where it is asked; None when its provider does not offer that."""
        doors = self.doors[stream]
        found = doors.get(door)
        if found is None and door not in doors:
            found = doors[door] = self.link.door(door, self.upstream_name, stream=stream)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Offering:
    """What a requested name stands for, and how one of its targets is chosen."""

    name: str
    operation: Operation
    needs: str
    """The name that a caller's access must hold."""
    router: Router[Target]
    targets: tuple[Target, ...]
    """All, fallbacks included."""
    cache: CachePolicy | None
    """None where answers are not kept."""
    miss_lines: bytes
    """The header lines of an answer that was not in the cache and will be: for how long, in seconds."""
    fingerprint: bytes
    """Of everything an answer depends on besides the request and the caller: models, route, assistant, corpus versions."""
    ceiling: ModelPrice | None
    """The highest price among the targets, for the estimate; None when none is known."""
    priced: bool
    """Whether the price of every target is known."""
    lines: bytes
    """The answer's header that names the route."""
    route: Route
    budget: RetryBudget | None
    """Of retries and hedges; None where the route has neither."""
    watched: bool
    """Whether the route sets times of its own."""
    shadow: Target | None = None
    rules: Rules = ()
    """Of the route and of the assistant, whoever asks."""
    assistant: Assistant | None = None
    corpus_version: str | None = None
    personal: bool = False
    """Whether documents of the assistant name single people in their rights."""
    guards: Guarding | None = None
    """None where no guardrail holds for anybody. Their fingerprint is part of the offering's."""
    gauge: Gauge | None = None
    """Of the first target that has one: requests are counted before it is known which target will answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Client:
    """A caller with its rights looked up."""

    caller: Caller
    access: Access
    scope: bytes
    """Team and access tags but those of single people: what one caller may share with another through the cache."""
    own_scope: bytes
    """The same, of this key or person alone."""
    rules: Rules = ()
    """Of the caller and its team."""
    content_days: int | None = None
    """How long what was asked and answered is kept; None is not at all."""
    merged: dict[Offering, Rules] = field(default_factory=dict[Offering, Rules])
    """The caller's rules and an offering's own together, made when first asked for."""
    quick: dict[Offering, Quick] = field(default_factory=dict[Offering, Quick])
    """What is claimed of them where all is counted in this process, made when first asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Everything looked up by key, by user, by team and by name."""

    version: int
    price_version: str
    made_at_s: int
    keys: Mapping[bytes, Client]
    """By the SHA-256 digest of the key."""
    users: Mapping[str, Client]
    services: Mapping[str, Client]
    offerings: Mapping[Operation, Mapping[str, Offering]]
    targets: Mapping[str, Target]
    """By model."""
    providers: Mapping[str, Provider]
    health: Mapping[str, Endpoint]
    """Where those providers that are to be checked are asked whether they are there."""
    indexes: Mapping[str, Served]
    """By collection the index that is searched; by collection@version every one, for Stoa's own roles."""
    keys_by_id: Mapping[str, Client]
    """The same clients by the id of the key, for tokens that speak for one."""
    book: Book
    """The rules of projects, which requests name."""
    guardrails: Rulebook | None = None
    """All of them, for whoever tries one."""
    reranks: Mapping[str, Rerank] = field(default_factory=dict[str, Rerank])
    """By collection how its search is reranked, of those that are."""
    tools: Mapping[str, Tool] = field(default_factory=dict[str, Tool])
    """The queries that assistants may have looked up, by `datastore/query`."""
    listings: dict[tuple[Access, str], bytes] = field(default_factory=dict[tuple[Access, str], bytes])
    """Answers of `GET /v1/models`, by form, filled when first asked for."""
