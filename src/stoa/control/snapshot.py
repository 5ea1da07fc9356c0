"""Desired state compiled into the one immutable thing that gateways serve from.

Policy is decided here, once for all holders of the same rights, so that the hot path looks up and never evaluates.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from stoa.control.authentication import of_key, of_user
from stoa.control.datastore_fields import tools_of
from stoa.control.pricing import price_version, priced
from stoa.domain.identity import Principal
from stoa.domain.indexes import Served
from stoa.domain.keys import DEFAULT_PERIOD, Key
from stoa.domain.nesting import nesting_of
from stoa.domain.operations import Operation
from stoa.domain.prices import PriceList, SetPrice
from stoa.domain.resources import Assistant, Budget, Collection, Guardrail, Limit, Model, Provider, Resource, Route
from stoa.domain.snapshot import Access, Caller, Snapshot, TeamLimits
from stoa.domain.teams import Group, Team
from stoa.domain.users import User, access_tags
from stoa.policy.decide import PLATFORM, Policy, Target

_OTHERS: Mapping[Operation, str] = {
    "rerank": "rerank:create",
    "moderation": "moderations:create",
    "image": "images:create",
    "speech": "audio:create",
    "transcription": "audio:create",
}
_R = TypeVar("_R", Provider, Model, Route, Collection, Assistant, Guardrail, Limit, Budget)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything a snapshot is made from; `resources` include the built-in ones."""

    version: int
    resources: Sequence[Resource]
    teams: Sequence[Team]
    users: Sequence[User]
    keys: Sequence[Key]
    corpus: Mapping[str, int]
    groups: Sequence[Group] = ()
    personal: frozenset[str] = frozenset()
    """Collections of which some document names single people in its rights."""
    indexes: Mapping[str, Served] = field(default_factory=dict[str, Served])
    """As `Snapshot.indexes`."""
    prices: Sequence[SetPrice] = ()


def compile_snapshot(state: State, *, policy: Policy, prices: PriceList, requests_per_minute: int, now_ms: int) -> Snapshot:
    """`requests_per_minute` is the limit of keys and users that have none of their own."""
    names = _Names(state.resources)
    profiles = _Profiles(policy, names)
    collections = _named(state.resources, Collection)
    found = priced(names.models, names.providers, prices, state.prices, now_ms)
    nesting, people = nesting_of(state.groups), {user.id: user for user in state.users}
    known_prices = {name: each.price for name, each in found.items() if each.price is not None}
    return Snapshot(
        version=state.version,
        made_at_ms=now_ms,
        price_version=price_version(prices.version, known_prices),
        keys={
            key.digest: Caller(
                id=key.id,
                name=key.name,
                team=key.team,
                acl=(principal := of_key(key, nesting, people.get(key.created_by))).acl,
                access=profiles.of(principal),
                key_id=key.id,
                requests_per_minute=_limit(key.requests_per_minute, requests_per_minute),
                expires_at_ms=key.expires_at_ms,
                tokens_per_minute=key.tokens_per_minute,
                parallel=key.parallel,
                budget=key.budget,
                budget_period=key.budget_period or DEFAULT_PERIOD,
                project=key.project,
            )
            for key in state.keys
            if key.kind == "inference" and key.usable(now_ms)
        },
        users={
            user.id: Caller(
                id=user.id,
                name=user.name,
                team=user.team,
                acl=(principal := of_user(user, nesting)).acl,
                access=profiles.of(principal),
                user_id=user.id,
                requests_per_minute=requests_per_minute,
            )
            for user in state.users
            if user.disabled_at_ms is None
        },
        services={
            team.name: Caller(
                id=f"service:{team.name}",
                name=f"stoa for {team.name}",
                team=team.name,
                acl=access_tags(team.name, (), nesting),
                access=profiles.of(Principal(kind="service", id=team.name, name="stoa", team=team.name)),
            )
            for team in state.teams
        },
        access=profiles.access,
        teams={team.name: TeamLimits(team.monthly_budget, team.content_days) for team in state.teams},
        providers=names.providers,
        models=names.models,
        prices=known_prices,
        routes=names.routes,
        assistants=names.assistants,
        collections=collections,
        corpus={name: state.corpus.get(name, 0) for name in collections},
        personal=state.personal & set(collections),
        guardrails=_named(state.resources, Guardrail),
        limits=_named(state.resources, Limit),
        budgets=_named(state.resources, Budget),
        indexes={name: each for name, each in state.indexes.items() if name.partition("@")[0] in collections},
        tools=tools_of(state.resources),
    )


class _Names:
    """What clients may name as model, by operation. A route does what its models do."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.providers = _named(resources, Provider)
        self.models = _named(resources, Model)
        self.routes = _named(resources, Route)
        self.assistants = _named(resources, Assistant)

    def serving(self, operation: str) -> Iterable[Target]:
        """Models and routes for an operation, as policies see them."""
        for model in self.models.values():
            if model.operation == operation:
                yield _target(model.name, model.teams)
        for route in self.routes.values():
            first = self.models.get(route.targets[0].model)
            if first is not None and first.operation == operation:
                yield _target(route.name, route.teams)


class _Profiles:
    """The distinct sets of rights, each decided once."""

    def __init__(self, policy: Policy, names: _Names) -> None:
        self._policy = policy
        self._names = names
        self._by_rights: dict[Principal, int] = {}
        self._distinct: dict[Access, int] = {}

    def of(self, principal: Principal) -> int:
        """The index of the principal's rights. For models, kind, roles and team are all that policies may ask for."""
        rights = Principal(kind=principal.kind, id="", name="", team=principal.team, roles=principal.roles)
        if rights not in self._by_rights:
            self._by_rights[rights] = self._distinct.setdefault(self._decide(rights), len(self._distinct))
        return self._by_rights[rights]

    @property
    def access(self) -> tuple[Access, ...]:
        return tuple(self._distinct)

    def _decide(self, principal: Principal) -> Access:
        def allowed(action: str, target: Target) -> bool:
            return self._policy.decide(principal, action, target).allowed

        chat = {target.id for target in self._names.serving("chat") if allowed("chat:create", target)}
        assistants = {
            f"assistant/{each.name}"
            for each in self._names.assistants.values()
            if each.route in chat and allowed("chat:create", _target(f"assistant/{each.name}", each.teams))
        }
        return Access(
            list_models=allowed("models:list", PLATFORM),
            chat=frozenset(chat | assistants),
            embed=frozenset(target.id for target in self._names.serving("embedding") if allowed("embeddings:create", target)),
            other=frozenset(
                target.id
                for operation, action in _OTHERS.items()
                for target in self._names.serving(operation)
                if allowed(action, target)
            ),
        )


def _target(name: str, teams: Sequence[str] | None) -> Target:
    return Target("Model", name, teams=None if teams is None else frozenset(teams))


def _named(resources: Sequence[Resource], kind: type[_R]) -> dict[str, _R]:
    return {each.name: each for each in resources if isinstance(each, kind)}


def _limit(wanted: int | None, default: int) -> int | None:
    """A key's requests per minute: its own, the default for None, and None, no limit, for 0."""
    return default if wanted is None else (wanted or None)
