"""Where a recorded request would go under another snapshot, what it would cost, and whether it would be refused.

What can be known is exact: names, rights, limits by the clock of the records, budgets by the costs that come out, routes in
order, by price, by tag, by size, by user, and draws that were recorded. What cannot is said: routes by load and by latency
depend on that moment. A target that failed then is taken to fail again; a cached answer to be cached again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

import msgspec

from stoa.domain.counting import Refused
from stoa.domain.decisions import Decision, Try, Way
from stoa.domain.operations import CALLERS_FAULTS, Operation
from stoa.domain.periods import window_of
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Route
from stoa.domain.resources import Target as Place
from stoa.domain.snapshot import Caller, Snapshot
from stoa.domain.usage import Kept, Told, UsageFact
from stoa.errors import InvalidRequest
from stoa.gateway.admission import settled
from stoa.gateway.counting.book import MONTH, Book, Rules
from stoa.gateway.counting.known import Ledger
from stoa.gateway.counting.local import LocalCounter
from stoa.gateway.planning import COLLECTION_ROUTE
from stoa.gateway.pricing import cost_of
from stoa.gateway.routing.rank import by_complexity, by_seed, by_weight, cost, tagged
from stoa.gateway.routing.state import TargetState, TargetStates
from stoa.gateway.tokens import Tokens
from stoa.gateway.usage import Beyond

_NOT_FAILURES = frozenset(("lost", "no_answer", "client_gone"))
_RECHECKED = frozenset(("model_not_found", "forbidden", "rate_limit_exceeded", "insufficient_quota"))
"""Refusals that depend on the snapshot; any other was the request's own fault and stays."""


class Outcome(NamedTuple):
    """`shares` of the models that would be asked; empty when it is refused or comes out of the cache."""

    shares: Mapping[str, float]
    refused: str | None = None
    nano_usd: int | None = 0
    assumed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Implements `rank.Candidate`."""

    model: str
    weight: int
    tags: tuple[str, ...]
    price: ModelPrice | None
    state: TargetState
    arm: str | None = None


class Stand:
    """A snapshot as recorded requests meet it. `then` is the one in force now: what is the same in both stays as it was.

    `spent` is what each team had spent of the month before `from_ms`, the beginning, nano-dollars.
    """

    def __init__(self, snapshot: Snapshot, then: Snapshot, spent: Mapping[str, int], from_ms: int) -> None:
        self._snapshot = snapshot
        self._then = then
        self._callers = {each.key_id: each for each in snapshot.keys.values() if each.key_id is not None}
        self._now_ms = from_ms
        self._ledger = Ledger(Kept(_told(spent, from_ms), from_ms), now_ms=from_ms)
        self._book = Book(snapshot, self._ledger, now_ms=from_ms)
        self._counter = LocalCounter(lambda: self._now_ms)
        self._rules: dict[str, Rules] = {}
        self._position = 0
        states = TargetStates(draw=float, call_later=_never)
        self._state = states.of("", "", "")

    def meet(self, fact: UsageFact, decision: Decision | None, *, passes: bool = False) -> Outcome:
        """The next request, in the order of time. With `passes` it does so though a guardrail had refused it."""
        self._now_ms = fact.at_ms
        caller = self._caller(fact)
        refused = self._forbidden(fact, caller)
        if refused is not None:
            return Outcome({}, refused)
        if fact.refused and fact.error not in _RECHECKED and not passes:
            return Outcome({}, fact.error)
        route = self._route(fact.requested)
        if route is None:
            return Outcome({}, "model_not_found")
        shares: Mapping[str, float] = {}
        nano_usd, assumed = 0, False
        if fact.cache != "hit" or route.cache_policy is None:
            try:
                shares, assumed = self._shares(route, fact, decision)
            except InvalidRequest as error:
                return Outcome({}, error.code)
            nano_usd = self._cost(fact, shares)
        over = self._over(fact, caller, route, shares, nano_usd)
        return Outcome({}, over) if over is not None else Outcome(shares, None, nano_usd, assumed)

    # --- refused?

    def _forbidden(self, fact: UsageFact, caller: Caller | None) -> str | None:
        if not self._known(fact.requested, fact.operation):
            return "model_not_found"
        if caller is None:
            return None  # who asked is no more: its rights and limits are not looked at
        allowed = self._snapshot.access[caller.access].of(fact.operation)
        return None if _needed(fact.requested) in allowed else "forbidden"

    def _over(
        self, fact: UsageFact, caller: Caller | None, route: Route, shares: Mapping[str, float], nano_usd: int | None
    ) -> str | None:
        """Whether a limit or a budget would have no room for it, as the gateway itself counts. Calls at once end at once."""
        if caller is None:
            return None
        tokens = 0 if not shares else (fact.prompt_tokens or 0) + (fact.completion_tokens or 0)
        amounts = {"tokens": tokens, "nano_usd": nano_usd or 0}
        rules = self._rules_of(fact, caller, route, shares)
        claims = [rule.fixed or rule.claim(amounts.get(rule.meter.unit, 1), self._now_ms) for rule in rules]
        if not claims:
            return None
        outcome = self._counter.claim(claims, self._now_ms, _not_told)
        if isinstance(outcome, Refused):
            return "insufficient_quota" if outcome.claim.meter.unit == "nano_usd" else "rate_limit_exceeded"
        assert outcome is not None  # within one process
        outcome.settle(settled(claims, tokens, nano_usd or 0))
        self._position += 1
        spent = msgspec.structs.replace(fact, cost_nano_usd=nano_usd)
        self._ledger.spent((spent,), position=self._position, now_ms=self._now_ms)
        return None

    def _rules_of(self, fact: UsageFact, caller: Caller, route: Route, shares: Mapping[str, float]) -> Rules:
        book = self._book
        rules = self._kept(f"caller {caller.id}", lambda: book.of_caller(caller))
        if fact.requested.startswith("assistant/"):
            name = fact.requested.removeprefix("assistant/")
            rules += self._kept(f"assistant {name}", lambda: book.of_assistant(name))
        elif route.name in self._snapshot.routes:
            rules += self._kept(f"route {route.name}", lambda: book.of_route(route.name))
        if len(shares) == 1:
            (model,) = shares
            rules += self._kept(f"model {model}", lambda: book.of_model(model))
        if fact.project is not None and book.has_projects:
            rules += book.of_project(fact.project, self._now_ms)
        return rules

    def _kept(self, what: str, make: Callable[[], Rules]) -> Rules:
        found = self._rules.get(what)
        if found is None:
            found = self._rules[what] = make()
        return found

    def _caller(self, fact: UsageFact) -> Caller | None:
        if fact.key_id is not None:
            return self._callers.get(fact.key_id)
        if fact.user_id is not None:
            return self._snapshot.users.get(fact.user_id)
        return self._snapshot.services.get(fact.team)

    def _known(self, name: str, operation: Operation) -> bool:
        route = self._route(name)
        model = self._snapshot.models.get(route.targets[0].model) if route is not None else None
        return model is not None and model.operation == operation

    # --- where to?

    def _route(self, name: str) -> Route | None:
        return route_of(self._snapshot, name)

    def _shares(self, route: Route, fact: UsageFact, decision: Decision | None) -> tuple[Mapping[str, float], bool]:
        named = {each.model for each in (*route.targets, *route.fallbacks)}
        if route == route_of(self._then, fact.requested) and fact.model in named and self._same(fact.model):
            return {fact.model: 1.0}, False
        way = decision.way if decision is not None and decision.way is not None else Way()
        places = [self._place(each) for each in route.targets if each.model in self._snapshot.models]
        failed = {each.model: each for each in way.tried if each.error not in _NOT_FAILURES}
        if any(each.error_class in CALLERS_FAULTS for each in failed.values()):
            failed = {}  # the request's own fault: another target of the route would say the same
        if route.strategy == "tagged":
            places = list(tagged(places, way.tags))
        left = [each for each in places if each.model not in failed]
        if not left:
            return {self._fallback(route, failed) or fact.model or places[0].model: 1.0}, False
        return self._drawn(route, left, fact, decision, way)

    def _drawn(
        self, route: Route, places: Sequence[_Place], fact: UsageFact, decision: Decision | None, way: Way
    ) -> tuple[Mapping[str, float], bool]:
        if len(places) == 1 or route.strategy == "ordered":
            return {places[0].model: 1.0}, False
        names = {each.model for each in places}
        if route.strategy == "complexity":
            if way.complexity is not None:
                return {by_complexity(places, way.complexity)[0].model: 1.0}, False
            return ({fact.model: 1.0} if fact.model in names else {places[0].model: 1.0}), True
        if route.sticky and way.seed is not None:
            return {by_seed(places, way.seed)[0].model: 1.0}, False
        if route.strategy == "cheapest":
            priced = [(value, each.model) for each in places if each.weight and (value := cost(each)) is not None]
            return {min(priced)[1] if priced else places[0].model: 1.0}, False
        if route.strategy in ("least_busy", "lowest_latency"):
            return ({fact.model: 1.0} if fact.model in names else _by_weight(places)), True
        draw = decision.draw if decision is not None else None
        if draw is not None:
            return {by_weight(places, draw)[0].model: 1.0}, False
        return _by_weight(places), False

    def _fallback(self, route: Route, failed: Mapping[str, Try]) -> str | None:
        classes = {each.error_class for each in failed.values()}
        return next(
            (each.model for each in route.fallbacks if each.model not in failed and not classes.isdisjoint(each.on)), None
        )

    def _place(self, place: Place) -> _Place:
        return _Place(place.model, place.weight, place.tags, self._snapshot.prices.get(place.model), self._state)

    # --- at what cost?

    def _cost(self, fact: UsageFact, shares: Mapping[str, float]) -> int | None:
        total = 0.0
        for model, share in shares.items():
            if model == fact.model and fact.cache != "hit" and self._same(model):
                one = fact.cost_nano_usd
            elif fact.prompt_tokens is None and fact.status >= 400:
                one = fact.cost_nano_usd if not fact.refused else None
            else:
                one = cost_of(self._snapshot.prices.get(model), _tokens(fact), _seconds(fact))
            if one is None:
                return None
            total += one * share
        return round(total)

    def _same(self, model: str) -> bool:
        """Whether the model costs what it costs now: then the recorded cost stands, whatever the prices were on that day."""
        return (
            model in self._snapshot.models
            and self._snapshot.prices.get(model) == self._then.prices.get(model)
            and self._snapshot.models[model] == self._then.models.get(model)
        )


def route_of(snapshot: Snapshot, name: str) -> Route | None:
    """The route that a requested name stands for; a model is one of its own."""
    if name.startswith("assistant/"):
        assistant = snapshot.assistants.get(name.removeprefix("assistant/"))
        name = assistant.route if assistant is not None else ""
    elif name.startswith("collection/"):
        name = COLLECTION_ROUTE if name.removeprefix("collection/") in snapshot.collections else ""
    found = snapshot.routes.get(name)
    if found is None and name in snapshot.models:
        found = Route(name=name, targets=(Place(model=name),))
    if found is None or not any(each.model in snapshot.models for each in found.targets):
        return None
    return found


def _needed(name: str) -> str:
    return COLLECTION_ROUTE if name.startswith("collection/") else name


def _by_weight(places: Sequence[_Place]) -> Mapping[str, float]:
    total = sum(each.weight for each in places)
    if not total:
        return {places[0].model: 1.0}
    return {each.model: each.weight / total for each in places if each.weight}


def _tokens(fact: UsageFact) -> Tokens:
    beyond = Beyond(
        audio=fact.audio_input_tokens or 0, image=fact.image_tokens or 0, audio_output=fact.audio_output_tokens or 0
    )
    return Tokens(
        fact.prompt_tokens,
        fact.completion_tokens,
        fact.tokens_from,
        fact.cache_read_tokens,
        beyond,
        fact.cache_write_tokens,
        fact.reasoning_tokens,
    )


def _seconds(fact: UsageFact) -> float | None:
    return None if fact.engine_ms is None else fact.engine_ms / 1000


def _never(seconds: float, call: object) -> NoReturn:
    raise AssertionError("nothing is asked in a rehearsal")


def _told(spent: Mapping[str, int], from_ms: int) -> tuple[Told, ...]:
    """What teams had spent of the month, as control tells it."""
    start = window_of(MONTH).at(from_ms)
    return tuple(Told("team", team, MONTH, start, nano_usd) for team, nano_usd in spent.items())


def _not_told(outcome: object) -> None:
    """Within one process an outcome is there at once."""
