"""The plan: a snapshot turned into the tables that a request looks into. Made once for each snapshot, then only read."""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from stoa.domain.operations import Operation
from stoa.domain.resources import Assistant, Provider
from stoa.domain.snapshot import Access, Caller, ModelPrice, Snapshot, Unsealer
from stoa.domain.upstream import Endpoint, OriginLimits, Upstreams
from stoa.errors import OperatorError

log = logging.getLogger("stoa.gateway")

PATHS: dict[Operation, str] = {"chat": "/chat/completions", "embedding": "/embeddings"}
COLLECTION_ROUTE = Assistant(name="collection").route
"""What answers for `collection/<name>`: the route of an assistant with all defaults."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One model of one provider, ready to be called."""

    model: str
    provider: str
    upstream_name: str
    endpoint: Endpoint
    price: ModelPrice | None
    lines: bytes
    """The answer's header that names the model."""


@dataclass(frozen=True, slots=True, eq=False)
class Offering:
    """What a requested name stands for: the ways to answer it, in the order they are tried after the first was drawn."""

    name: str
    operation: Operation
    needs: str
    """The name that a caller's access must hold."""
    targets: tuple[Target, ...]
    weights: tuple[int, ...]
    fallback: tuple[Target, ...]
    cache_ttl_s: float
    """0 when answers are not cached."""
    fingerprint: bytes
    """Of everything an answer depends on besides the request and the caller: models, route, assistant, corpus versions."""
    ceiling: ModelPrice | None
    """The highest price among the targets, for the estimate; None when none is known."""
    lines: bytes
    """The answer's header that names the route."""
    assistant: Assistant | None = None
    corpus_version: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Client:
    """A caller with its rights looked up."""

    caller: Caller
    access: Access
    scope: bytes
    """Team and access tags: what one caller may share with another through the cache."""
    budget: int | None
    """The team's, in nano-dollars a month; None is no limit."""


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
    embedding_models: Mapping[str, str]
    """By collection."""
    listings: dict[Access, bytes] = field(default_factory=dict[Access, bytes])
    """Answers of `GET /v1/models`, filled when first asked for."""


def compile_plan(snapshot: Snapshot, *, upstreams: Upstreams, unsealer: Unsealer) -> Plan:
    """A provider whose secrets cannot be opened is left out, and so are the targets that need it."""

    def client(caller: Caller) -> Client:
        limits = snapshot.teams.get(caller.team)
        scope = hashlib.sha256("\0".join([caller.team, *sorted(caller.acl)]).encode()).digest()
        return Client(caller, snapshot.access[caller.access], scope, limits.monthly_budget if limits else None)

    targets = _targets(snapshot, upstreams, unsealer)
    return Plan(
        version=snapshot.version,
        price_version=snapshot.price_version,
        made_at_s=snapshot.made_at_ms // 1000,
        keys={bytes.fromhex(digest): client(caller) for digest, caller in snapshot.keys.items()},
        users={name: client(caller) for name, caller in snapshot.users.items()},
        services={name: client(caller) for name, caller in snapshot.services.items()},
        offerings={"chat": _chat(snapshot, targets), "embedding": _plain(snapshot, targets, "embedding")},
        embedding_models={name: each.embedding_model for name, each in snapshot.collections.items()},
    )


def _targets(snapshot: Snapshot, upstreams: Upstreams, unsealer: Unsealer) -> dict[str, Target]:
    found: dict[str, Target] = {}
    for provider in snapshot.providers.values():
        try:
            headers = _headers(provider, unsealer)
        except OperatorError as error:
            log.error("provider %s is left out: %s", provider.name, error.message)
            continue
        limits = OriginLimits(
            connect_timeout_s=provider.connect_timeout_s,
            first_byte_timeout_s=provider.first_byte_timeout_s,
            idle_timeout_s=provider.idle_timeout_s,
            max_connections=provider.max_connections,
        )
        origin = upstreams.origin(provider.url, limits)
        endpoints = {operation: origin.endpoint(path, headers) for operation, path in PATHS.items()}
        for model in snapshot.models.values():
            if model.provider == provider.name:
                found[model.name] = Target(
                    model.name,
                    provider.name,
                    model.upstream_name or model.name,
                    endpoints[model.operation],
                    snapshot.prices.get(model.name),
                    f"x-stoa-model: {model.name}\r\n".encode(),
                )
    return found


def _headers(provider: Provider, unsealer: Unsealer) -> dict[str, str]:
    headers = {"content-type": "application/json", "accept-encoding": "identity", "user-agent": "stoa"}
    if provider.api_key is not None:
        headers["authorization"] = f"Bearer {unsealer.open(provider.api_key)}"
    return headers | {name.lower(): unsealer.open(value) for name, value in provider.headers.items()}


def _plain(snapshot: Snapshot, targets: Mapping[str, Target], operation: Operation) -> dict[str, Offering]:
    """Models, each an implicit route, and routes; a route comes before a model of its name."""
    found: dict[str, Offering] = {}
    for model in snapshot.models.values():
        if model.operation == operation:
            weighted = [(targets[model.name], 1)] if model.name in targets else []
            found[model.name] = _offering(snapshot, model.name, operation, weighted, ())
    for route in snapshot.routes.values():
        first = snapshot.models.get(route.targets[0].model)
        if first is not None and first.operation == operation:
            weighted = [(targets[each.model], each.weight) for each in route.targets if each.model in targets]
            fallback = [targets[each.model] for each in route.fallbacks if each.model in targets]
            found[route.name] = _offering(
                snapshot, route.name, operation, weighted, fallback, cache_ttl_s=route.cache_ttl_s if route.cache else 0
            )
    return found


def _chat(snapshot: Snapshot, targets: Mapping[str, Target]) -> dict[str, Offering]:
    found = _plain(snapshot, targets, "chat")
    assistants = [(f"assistant/{each.name}", f"assistant/{each.name}", each) for each in snapshot.assistants.values()]
    for name in snapshot.collections:
        over_one = Assistant(name=name, collections=(name,))
        assistants.append((f"collection/{name}", COLLECTION_ROUTE, over_one))
    for name, needs, assistant in assistants:
        below = found.get(assistant.route)
        if below is not None:
            corpus = ",".join(f"{each}:{snapshot.corpus.get(each, 0)}" for each in assistant.collections)
            found[name] = _over(below, name, needs, assistant, corpus)
    return found


def _over(below: Offering, name: str, needs: str, assistant: Assistant, corpus: str) -> Offering:
    print_of = hashlib.sha256(below.fingerprint + msgspec.json.encode(assistant) + corpus.encode()).digest()
    return Offering(
        name=name,
        operation="chat",
        needs=needs,
        targets=below.targets,
        weights=below.weights,
        fallback=below.fallback,
        cache_ttl_s=below.cache_ttl_s,
        fingerprint=print_of,
        ceiling=below.ceiling,
        lines=f"x-stoa-route: {name}\r\n".encode(),
        assistant=assistant,
        corpus_version=corpus or None,
    )


def _offering(
    snapshot: Snapshot,
    name: str,
    operation: Operation,
    weighted: Iterable[tuple[Target, int]],
    fallback: Iterable[Target],
    *,
    cache_ttl_s: float = 3600,
) -> Offering:
    weighted, fallback = tuple(weighted), tuple(fallback)
    every = [*(target for target, _ in weighted), *fallback]
    described = [(snapshot.models[each.model], snapshot.providers[each.provider].url) for each in every]
    prices = [each.price for each in every if each.price is not None]
    return Offering(
        name=name,
        operation=operation,
        needs=name,
        targets=tuple(target for target, _ in weighted),
        weights=tuple(weight for _, weight in weighted),
        fallback=fallback,
        cache_ttl_s=cache_ttl_s,
        fingerprint=hashlib.sha256(msgspec.json.encode([name, described, [w for _, w in weighted]])).digest(),
        ceiling=ModelPrice(max(p.input for p in prices), max(p.output for p in prices)) if prices else None,
        lines=f"x-stoa-route: {name}\r\n".encode(),
    )
