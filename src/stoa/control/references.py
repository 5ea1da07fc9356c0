"""Does desired state hold together? Everything that a resource names must be there and be of use for it."""

from collections.abc import Collection as Names
from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from stoa.control.datastore_fields import check as check_datastore
from stoa.control.datastore_fields import check_tools
from stoa.control.guardrail_fields import check as check_guardrail
from stoa.control.limit_fields import check as check_limit
from stoa.control.pricing import check_price
from stoa.control.provider_fields import check as check_provider
from stoa.control.route_fields import check as check_route
from stoa.control.source_fields import check as check_source
from stoa.domain.guardrails import TopicsGuard
from stoa.domain.resources import (
    Assistant,
    Budget,
    Collection,
    Datastore,
    Guardrail,
    Limit,
    Model,
    Provider,
    Resource,
    Route,
    Source,
)
from stoa.domain.tokenizers import TOKENIZERS, is_tokenizer
from stoa.errors import InvalidRequest
from stoa.kit.names import did_you_mean


class References:
    """The names in one state. `check` raises InvalidRequest for the first thing in a resource that does not hold."""

    def __init__(self, state: Sequence[Resource], teams: Names[str]) -> None:
        self._teams = teams
        self._providers = {each.name: each for each in state if isinstance(each, Provider)}
        self._models = {each.name: each for each in state if isinstance(each, Model)}
        self._routes = {each.name: each for each in state if isinstance(each, Route)}
        self._datastores = [each for each in state if isinstance(each, Datastore)]
        self._assistants = {each.name for each in state if isinstance(each, Assistant)}
        self._collections = {each.name for each in state if isinstance(each, Collection)}

    def check(self, resource: Resource) -> None:
        match resource:
            case Provider():
                check_provider(resource)
            case Model():
                self._check_model(resource)
            case Route():
                self._check_route(resource)
            case Collection():
                self._known(resource, "team", resource.team, self._teams)
                self._serves(resource, "embedding_model", resource.embedding_model, "embedding")
                if resource.extraction_route is not None:
                    self._serves(resource, "extraction_route", resource.extraction_route, "chat")
                if resource.rerank is not None:
                    self._serves(resource, "rerank.model", resource.rerank.model, "rerank")
            case Source():
                self._known(resource, "collection", resource.collection, self._collections)
                check_source(resource)
            case Datastore():
                check_datastore(resource)
                for team in {*(resource.teams or ()), *(team for each in resource.queries for team in each.teams or ())}:
                    self._known(resource, "teams", team, self._teams)
            case Assistant():
                check_tools(resource, self._datastores)
                self._serves(resource, "route", resource.route, "chat")
                for name in resource.collections:
                    self._known(resource, "collections", name, self._collections)
                self._known_teams(resource, resource.teams)
            case Guardrail():
                self._check_guardrail(resource)
            case Limit() | Budget():
                self._check_scope(resource)
                check_limit(resource)
            case _:
                assert_never(resource)

    def _check_model(self, model: Model) -> None:
        self._known(model, "provider", model.provider, self._providers)
        self._known_teams(model, model.teams)
        if model.tokenizer is not None and not is_tokenizer(model.tokenizer):
            what = (
                f"{model.tokenizer!r} is none; {', '.join(TOKENIZERS)} are, and files within the gateway's folder of "
                "tokenizers, such as 'qwen3/tokenizer.json'"
            )
            raise _wrong(model, "tokenizer", what, hint=did_you_mean(model.tokenizer, TOKENIZERS))
        if model.price is not None:
            try:
                check_price(model.price, prefix="price.")
            except InvalidRequest as error:
                raise _wrong(model, error.param or "price", error.message.partition(": ")[2].rstrip(".")) from None

    def _check_route(self, route: Route) -> None:
        if route.name in self._models:
            raise _wrong(route, "name", f"a model is called {route.name!r} too, and clients could not tell them apart")
        models: dict[str, Model] = {}
        for field, name in _models_of(route):
            if name in self._routes and name not in self._models:
                what = f"{name!r} is a route; only models can be named here, so that no route leads back to itself"
                raise _wrong(route, field, what)
            self._known(route, field, name, self._models)
            models[name] = self._models[name]
            if len({each.operation for each in models.values()}) > 1:
                first = models[route.targets[0].model]
                what = f"{name!r} is for {models[name].operation}, and {first.name!r} for {first.operation}; one route has one"
                raise _wrong(route, field, what)
        asked = [models[target.model] for target in route.targets]
        providers = {each.name: self._providers[each.provider] for each in asked if each.provider in self._providers}
        check_route(route, operation=asked[0].operation, providers=providers)
        self._known_teams(route, route.teams)

    def _check_guardrail(self, guardrail: Guardrail) -> None:
        check_guardrail(guardrail)
        for name in guardrail.routes:
            self._known(guardrail, "routes", name, {**self._models, **self._routes})
        for name in guardrail.assistants:
            self._known(guardrail, "assistants", name, self._assistants)
        self._known_teams(guardrail, guardrail.teams)
        for number, guard in enumerate(guardrail.guards):
            if isinstance(guard, TopicsGuard):
                self._serves(guardrail, f"guards[{number}].embedding_model", guard.embedding_model, "embedding")

    def _check_scope(self, resource: Limit | Budget) -> None:
        """Keys and users come and go, and projects are what requests call them: whoever applies looks at those."""
        known: Mapping[str, Names[str]] = {
            "team": self._teams, "model": self._models, "route": self._routes, "assistant": self._assistants
        }  # fmt: skip
        if resource.subject is not None and resource.scope in known:
            self._known(resource, "subject", resource.subject, known[resource.scope])

    def _serves(self, resource: Resource, field: str, name: str, operation: str) -> None:
        """The name is a model, or a route of models, for this operation."""
        self._known(resource, field, name, {**self._models, **self._routes})
        route = self._routes.get(name)
        model = self._models.get(route.targets[0].model if route else name)
        if model is not None and model.operation != operation:
            raise _wrong(resource, field, f"{name!r} is for {model.operation}, and one for {operation} is needed")

    def _known_teams(self, resource: Resource, teams: Sequence[str] | None) -> None:
        for team in teams or ():
            self._known(resource, "teams", team, self._teams)

    def _known(self, resource: Resource, field: str, name: str, known: Names[str]) -> None:
        if name not in known:
            raise _wrong(resource, field, f"there is no {name!r}", hint=did_you_mean(name, known))


def _models_of(route: Route) -> Iterator[tuple[str, str]]:
    """Each with the field that names it."""
    yield from ((f"targets[{number}].model", each.model) for number, each in enumerate(route.targets))
    yield from ((f"fallback[{number}]", each.model) for number, each in enumerate(route.fallbacks))
    if route.shadow is not None:
        yield "shadow.model", route.shadow.model


def _wrong(resource: Resource, field: str, what: str, *, hint: str = "") -> InvalidRequest:
    return InvalidRequest(f"{type(resource).__name__} {resource.name!r}, field {field!r}: {what}.{hint}", param=field)
