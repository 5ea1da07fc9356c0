"""A snapshot turned into a plan: what is offered, where each request may go, and what counts it."""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec

from stoa.domain.identity import impersonal
from stoa.domain.indexes import Served
from stoa.domain.operations import Operation
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Assistant, Breaker, Model, Provider, Route, Timeouts
from stoa.domain.resources import Target as RouteTarget
from stoa.domain.snapshot import Caller, Snapshot, Unsealer
from stoa.domain.upstream import Endpoint, Facts, Link, Opened, Providers
from stoa.errors import OperatorError
from stoa.gateway.counting.book import Book, Rules
from stoa.gateway.counting.gauge import Gauge, Gauges
from stoa.gateway.counting.known import Ledger
from stoa.gateway.guarding.ready import Rulebook, Workshop
from stoa.gateway.plan import Client, Offering, Plan, Target
from stoa.gateway.routing.breaker import strictest
from stoa.gateway.routing.order import Router
from stoa.gateway.routing.retry import RetryBudget
from stoa.gateway.routing.state import TargetState, TargetStates

log = logging.getLogger("stoa.gateway")

OPERATIONS: tuple[Operation, ...] = ("chat", "embedding", "rerank", "moderation", "image", "speech", "transcription")
COLLECTION_ROUTE = Assistant(name="collection").route
"""What answers for `collection/<name>`: the route of an assistant with all defaults."""


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
        indexes={name: Served(name, each.embedding_model) for name, each in snapshot.collections.items()} | snapshot.indexes,
        guardrails=rulebook,
        book=book,
        reranks={name: each.rerank for name, each in snapshot.collections.items() if each.rerank is not None},
        tools=snapshot.tools,
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
            known = (snapshot.collections.get(each) for each in assistant.collections)
            reranks = [each.rerank for each in known if each is not None and each.rerank is not None]
            made = over(below, name, needs, assistant, corpus, ranked=msgspec.json.encode(reranks) if reranks else b"")
            found[name] = replace(made, rules=rules, personal=personal)
    return found


def over(below: Offering, name: str, needs: str, assistant: Assistant, corpus: str, *, ranked: bytes = b"") -> Offering:
    """An assistant that answers through a route. Rows of datastores change unseen, so answers made from them are not kept.

    `ranked` is what else says which passages it is given.
    """
    kept = {} if not assistant.tools else {"cache": None, "miss_lines": b""}
    return replace(
        below,
        **kept,
        name=name,
        needs=needs,
        fingerprint=hashlib.sha256(below.fingerprint + msgspec.json.encode(assistant) + corpus.encode() + ranked).digest(),
        lines=f"x-stoa-route: {name}\r\n".encode(),
        assistant=assistant,
        corpus_version=corpus or None,
    )
