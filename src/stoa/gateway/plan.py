"""The plan: a snapshot turned into the tables that a request looks into. Made once for each snapshot, then only read."""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from stoa.domain.identity import impersonal
from stoa.domain.operations import ClientForm, Operation
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Assistant, Breaker, CachePolicy, Model, Provider, Route, Timeouts
from stoa.domain.resources import Target as RouteTarget
from stoa.domain.snapshot import Access, Caller, Snapshot, Unsealer
from stoa.domain.upstream import Door, Endpoint, Facts, Link, Opened, Providers, UpstreamForm
from stoa.errors import OperatorError
from stoa.gateway.counting.book import Book, Rules
from stoa.gateway.counting.gauge import Gauge, Gauges
from stoa.gateway.counting.known import Ledger
from stoa.gateway.counting.quick import Quick
from stoa.gateway.guarding.ready import Rulebook, Workshop
from stoa.gateway.guarding.rules import Guarding
from stoa.gateway.routing.breaker import strictest
from stoa.gateway.routing.order import Router
from stoa.gateway.routing.retry import RetryBudget
from stoa.gateway.routing.state import TargetState, TargetStates

log = logging.getLogger("stoa.gateway")

OPERATIONS: tuple[Operation, ...] = ("chat", "embedding", "rerank", "moderation", "image", "speech", "transcription")
COLLECTION_ROUTE = Assistant(name="collection").route
"""What answers for `collection/<name>`: the route of an assistant with all defaults."""


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
    embedding_models: Mapping[str, str]
    """By collection."""
    keys_by_id: Mapping[str, Client]
    """The same clients by the id of the key, for tokens that speak for one."""
    book: Book
    """The rules of projects, which requests name."""
    guardrails: Rulebook | None = None
    """All of them, for whoever tries one."""
    listings: dict[tuple[Access, str], bytes] = field(default_factory=dict[tuple[Access, str], bytes])
    """Answers of `GET /v1/models`, by form, filled when first asked for."""


def compile_plan(
    snapshot: Snapshot,
    *,
    providers: Providers,
    unsealer: Unsealer,
    states: TargetStates,
    workshop: Workshop,
    ledger: Ledger,
    gauges: Gauges,
    now_ms: int,
) -> Plan:
    """A provider that cannot be spoken to (a secret does not open, a package is missing) is left out, and so are its models."""
    book = Book(snapshot, ledger, now_ms=now_ms)

    def client(caller: Caller) -> Client:
        scope = hashlib.sha256("\0".join([caller.team, *sorted(impersonal(caller.acl))]).encode()).digest()
        own, limits = hashlib.sha256(scope + caller.id.encode()).digest(), snapshot.teams.get(caller.team)
        days = limits.content_days if limits is not None else None
        return Client(caller, snapshot.access[caller.access], scope, own, book.of_caller(caller), days)

    links = _links(snapshot, providers, unsealer)
    targets = _targets(snapshot, links, states, book, gauges)
    states.keep((each.model, each.provider, each.upstream_name) for each in targets.values())
    offerings: dict[Operation, dict[str, Offering]] = {each: _plain(snapshot, targets, each, book) for each in OPERATIONS}
    offerings["chat"] |= _assistants(snapshot, offerings["chat"], book)
    rulebook: Rulebook | None = None
    if snapshot.guardrails:
        rulebook = workshop.rules(snapshot, unsealer)
        offerings = {each: {name: rulebook.over(one) for name, one in found.items()} for each, found in offerings.items()}
    keys = {bytes.fromhex(digest): client(caller) for digest, caller in snapshot.keys.items()}
    plan = Plan(
        version=snapshot.version,
        price_version=snapshot.price_version,
        made_at_s=snapshot.made_at_ms // 1000,
        keys=keys,
        keys_by_id={each.caller.key_id: each for each in keys.values() if each.caller.key_id is not None},
        users={name: client(caller) for name, caller in snapshot.users.items()},
        services={name: client(caller) for name, caller in snapshot.services.items()},
        offerings=offerings,
        targets=targets,
        providers=snapshot.providers,
        health=_health(snapshot, links),
        embedding_models={name: each.embedding_model for name, each in snapshot.collections.items()},
        guardrails=rulebook,
        book=book,
    )
    book.close()
    return plan


def _links(snapshot: Snapshot, providers: Providers, unsealer: Unsealer) -> dict[str, Link]:
    links: dict[str, Link] = {}
    for provider in snapshot.providers.values():
        try:
            links[provider.name] = providers.link(provider, _opened(provider, unsealer))
        except OperatorError as error:
            log.error("provider %s is left out: %s", provider.name, error.message)
        except Exception:  # one provider may not hold back the keys that were revoked with it
            log.exception("provider %s is left out", provider.name)
    return links


def _health(snapshot: Snapshot, links: Mapping[str, Link]) -> dict[str, Endpoint]:
    asked = ((name, each.health) for name, each in snapshot.providers.items() if name in links)
    found = ((name, links[name].health(check.path)) for name, check in asked if check is not None)
    return {name: endpoint for name, endpoint in found if endpoint is not None}


def _targets(
    snapshot: Snapshot, links: Mapping[str, Link], states: TargetStates, book: Book, gauges: Gauges
) -> dict[str, Target]:
    breakers: dict[str, list[Breaker]] = {}
    for route in snapshot.routes.values():
        for name in (*(each.model for each in route.targets), *(each.model for each in route.fallbacks)):
            breakers.setdefault(name, []).append(route.breaker)
    return {
        model.name: _target(
            model,
            links[model.provider],
            snapshot.prices.get(model.name),
            states.of(
                model.name,
                model.provider,
                model.upstream_name or model.name,
                breaker=strictest(breakers.get(model.name, ())),
                max_parallel=model.max_parallel,
            ),
            book.of_model(model.name),
            gauges.of(model),
        )
        for model in snapshot.models.values()
        if model.provider in links
    }


def _opened(provider: Provider, unsealer: Unsealer) -> Opened:
    return Opened(
        unsealer.open(provider.api_key) if provider.api_key is not None else None,
        {name: unsealer.open(value) for name, value in provider.credentials.items()},
        {name.lower(): unsealer.open(value) for name, value in provider.headers.items()},
    )


def _target(
    model: Model, link: Link, price: ModelPrice | None, state: TargetState, rules: Rules, gauge: Gauge | None
) -> Target:
    upstream_name, facts = model.upstream_name or model.name, link.facts(model)
    plain = Facts()
    return Target(
        model=model.name,
        provider=model.provider,
        upstream_name=upstream_name,
        form=link.form,
        native=link.native,
        facts=facts,
        as_it_is=(
            not facts.drop
            and not facts.fields
            and facts.stream_usage == plain.stream_usage
            and facts.max_tokens_field == plain.max_tokens_field
        ),
        link=link,
        doors=({}, {}),
        price=price,
        state=state,
        max_parallel=model.max_parallel,
        lines=f"x-stoa-model: {model.name}\r\n".encode(),
        rules=rules,
        gauge=gauge,
    )


def _plain(snapshot: Snapshot, targets: Mapping[str, Target], operation: Operation, book: Book) -> dict[str, Offering]:
    """Models, each an implicit route, and routes; a route comes before a model of its name."""
    found: dict[str, Offering] = {}
    for model in snapshot.models.values():
        if model.operation == operation:
            alone = Route(name=model.name, targets=(RouteTarget(model=model.name),))
            found[model.name] = _offering(snapshot, alone, operation, targets)
    for route in snapshot.routes.values():
        first = snapshot.models.get(route.targets[0].model)
        if first is not None and first.operation == operation:
            found[route.name] = replace(_offering(snapshot, route, operation, targets), rules=book.of_route(route.name))
    return found


def _offering(snapshot: Snapshot, route: Route, operation: Operation, known: Mapping[str, Target]) -> Offering:
    router = router_of(route, known)
    every = (*router.targets, *(target for target, _ in router.fallbacks))
    described = [_described(snapshot, each) for each in every]
    cache = route.cache_policy
    return Offering(
        name=route.name,
        operation=operation,
        needs=route.name,
        router=router,
        targets=every,
        cache=cache,
        miss_lines=b"" if cache is None else b"x-stoa-cache: miss\r\nx-stoa-cache-ttl: %d\r\n" % cache.ttl_s,
        fingerprint=hashlib.sha256(msgspec.json.encode([route.name, route.strategy, described])).digest(),
        ceiling=_ceiling(every),
        priced=all(each.price is not None for each in every),
        lines=f"x-stoa-route: {route.name}\r\n".encode(),
        route=route,
        budget=RetryBudget(route.retries.budget) if route.retries.attempts or route.hedge is not None else None,
        watched=route.timeouts != Timeouts(),
        shadow=known.get(route.shadow.model) if route.shadow is not None else None,
        gauge=next((each.gauge for each in every if each.gauge is not None), None),
    )


def _described(snapshot: Snapshot, target: Target) -> list[object]:
    """All of a target that its answers depend on: not what it costs, nor who may use it."""
    model, provider = snapshot.models[target.model], snapshot.providers[target.provider]
    asked = msgspec.structs.replace(model, description="", price=None, max_parallel=None, teams=None, tokenizer=None)
    where = [provider.type, provider.url, provider.region, provider.project, provider.api_version, provider.speaks]
    return [asked, where, target.weight]


def router_of(route: Route, known: Mapping[str, Target]) -> Router[Target]:
    """The way through a route, over those of its models that are known."""
    several = len(route.targets) > 1
    return Router(
        route.name,
        [_placed(known[each.model], each, several=several) for each in route.targets if each.model in known],
        fallbacks=[(known[each.model], each.on) for each in route.fallbacks if each.model in known],
        strategy=route.strategy,
        sticky=route.sticky,
    )


def _placed(target: Target, place: RouteTarget, *, several: bool) -> Target:
    """The target with its place in a route; models share their doors and their state over all routes."""
    arm = place.arm or (place.model if several else None)
    if arm is None and place.weight == 1 and not place.tags:
        return target
    named = f"x-stoa-arm: {place.arm}\r\n".encode() if place.arm is not None else b""
    lines = target.lines + named
    return replace(target, weight=place.weight, arm=arm, arm_line=named, tags=frozenset(place.tags), lines=lines)


def _ceiling(targets: Iterable[Target]) -> ModelPrice | None:
    prices = [each.price for each in targets if each.price is not None]
    if not prices:
        return None
    read, written = (max(each) for each in zip(*(price.highest for price in prices), strict=True))
    return ModelPrice(read, written, request=max(price.request or 0.0 for price in prices))


def _assistants(snapshot: Snapshot, chat: Mapping[str, Offering], book: Book) -> dict[str, Offering]:
    found: dict[str, Offering] = {}
    assistants = [(f"assistant/{each.name}", f"assistant/{each.name}", each) for each in snapshot.assistants.values()]
    for name in snapshot.collections:
        over_one = Assistant(name=name, collections=(name,))
        assistants.append((f"collection/{name}", COLLECTION_ROUTE, over_one))
    for name, needs, assistant in assistants:
        below = chat.get(assistant.route)
        if below is not None:
            corpus = ",".join(f"{each}:{snapshot.corpus.get(each, 0)}" for each in assistant.collections)
            rules = below.rules + book.of_assistant(assistant.name)
            personal = not snapshot.personal.isdisjoint(assistant.collections)
            found[name] = replace(over(below, name, needs, assistant, corpus), rules=rules, personal=personal)
    return found


def over(below: Offering, name: str, needs: str, assistant: Assistant, corpus: str) -> Offering:
    """An assistant that answers through a route."""
    return replace(
        below,
        name=name,
        needs=needs,
        fingerprint=hashlib.sha256(below.fingerprint + msgspec.json.encode(assistant) + corpus.encode()).digest(),
        lines=f"x-stoa-route: {name}\r\n".encode(),
        assistant=assistant,
        corpus_version=corpus or None,
    )
