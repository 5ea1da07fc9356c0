"""Guardrails made ready: from a snapshot to the rules of each offering. What did not change is not made again."""

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from stoa.domain.guardrails import (
    Guard,
    HttpGuard,
    InjectionGuard,
    PersonalGuard,
    SchemaGuard,
    ShapeGuard,
    SizeGuard,
    Source,
    Stage,
    TopicsGuard,
    stream_of,
    type_of,
)
from stoa.domain.guards import OwnGuards
from stoa.domain.resources import Guardrail
from stoa.domain.snapshot import Snapshot, Unsealer
from stoa.errors import StoaError
from stoa.gateway.guarding.own import AskedOutside
from stoa.gateway.guarding.rules import Check, Guarding, Late, Rules, Size, rules_of
from stoa.gateway.guarding.slow import InThread
from stoa.gateway.guarding.texts import Role
from stoa.gateway.guarding.topics import OnTopic, Vectors
from stoa.guards.built import Recognizers, detector_of
from stoa.guards.finding import Detector

if TYPE_CHECKING:
    from stoa.gateway.plan import Offering

log = logging.getLogger("stoa.gateway")

_ROLES: Mapping[Source, Role] = {"user": "user", "tools": "tools", "documents": "documents"}


class Judging(NamedTuple):
    """What judges for one guard: exactly one is set."""

    detector: Detector | None = None
    late: Late | None = None
    broken: str | None = None


class Workshop:
    """Makes guards ready, and keeps those of the last snapshot.

    `vectors` embeds texts, `own` reaches services of others, `presidio` makes detectors of that package.
    """

    def __init__(self, *, vectors: Vectors, own: OwnGuards | None, presidio: Recognizers | None) -> None:
        self._vectors = vectors
        self._presidio = presidio
        self._own = own
        self._made: dict[bytes, Judging] = {}

    def rules(self, snapshot: Snapshot, unsealer: Unsealer) -> "Rulebook":
        made: dict[bytes, Judging] = {}
        book = Rulebook(
            {
                name: (guardrail, [self._judging(guardrail, guard, unsealer, made) for guard in guardrail.guards])
                for name, guardrail in snapshot.guardrails.items()
            }
        )
        self._made = made
        return book

    def draft(self, guardrail: Guardrail, unsealer: Unsealer) -> Rules | None:
        """Of one that is not applied, to try it. What is made for it is not kept."""
        made: dict[bytes, Judging] = {}
        judging = [self._judging(guardrail, guard, unsealer, made) for guard in guardrail.guards]
        return Rulebook({guardrail.name: (guardrail, judging)}).alone(guardrail.name)

    def _judging(self, guardrail: Guardrail, guard: Guard, unsealer: Unsealer, made: dict[bytes, Judging]) -> Judging:
        """A guard that cannot be made ready judges nothing, and so refuses everything: nothing is silently left out."""
        key = guardrail.name.encode() + b"\0" + msgspec.json.encode(guard)
        found = self._made.get(key)
        if found is None:
            try:
                found = self._make(guardrail, guard, unsealer)
            except StoaError as error:
                log.error("guard %s of guardrail %s cannot work: %s", type_of(guard), guardrail.name, error.message)
                found = Judging(broken=error.message)
            except Exception as error:  # one guard may not hold back the keys that were revoked with it
                log.exception("guard %s of guardrail %s cannot work", type_of(guard), guardrail.name)
                found = Judging(broken=type(error).__name__)
        made[key] = found
        return found

    def _make(self, guardrail: Guardrail, guard: Guard, unsealer: Unsealer) -> Judging:
        if isinstance(guard, SizeGuard):
            return Judging()
        if isinstance(guard, HttpGuard):
            if self._own is None:
                return Judging(broken="own guards cannot be reached from here")
            headers = {name: unsealer.open(value) for name, value in guard.headers.items()}
            return Judging(late=AskedOutside(self._own.open(guard.url, headers, guard.timeout_s), guardrail.name))
        if isinstance(guard, TopicsGuard):
            return Judging(late=OnTopic(guard, self._vectors))
        detector = detector_of(guard, presidio=self._presidio)
        if isinstance(guard, PersonalGuard) and guard.engine == "presidio":
            return Judging(late=InThread(detector, guard.action))
        return Judging(detector=detector)


class Rulebook:
    """All guardrails of one snapshot."""

    def __init__(self, guardrails: Mapping[str, tuple[Guardrail, Sequence[Judging]]]) -> None:
        self._guardrails = guardrails

    def over(self, offering: "Offering") -> "Offering":
        """The offering with its rules; itself when none can hold for it."""
        every = [each for each, _ in self._guardrails.values() if each.teams or _holds(each, offering)]
        if not every:
            return offering
        everyone = self._rules(lambda each: _holds(each, offering))
        teams: dict[str, Rules] = {}
        for team in {team for each in every for team in each.teams}:
            rules = self._rules(lambda each, team=team: team in each.teams or _holds(each, offering))
            if rules is not None:
                teams[team] = rules
        if everyone is None and not teams:
            return offering
        fingerprint = hashlib.sha256(offering.fingerprint + msgspec.json.encode(every)).digest()
        return replace(offering, guards=Guarding(everyone, teams), fingerprint=fingerprint)

    def alone(self, name: str) -> Rules | None:
        """Of one guardrail, to try it; None when there is none of that name."""
        return self._rules(lambda each: each.name == name) if name in self._guardrails else None

    def together(self, names: Collection[str]) -> Rules | None:
        """Of several guardrails, whatever they hold for."""
        return self._rules(lambda each: each.name in names)

    def elsewhere(self, team: str, offerings: Collection["Offering"]) -> Rules | None:
        """Of those that hold for a team's requests to any of these offerings, or to none.

        Left out is what form an answer has to have: that is between an offering and whoever asks it.
        """

        def held(each: Guardrail) -> bool:
            return each.default or team in each.teams or any(_holds(each, one) for one in offerings)

        return self._rules(held, schemas=False)

    @property
    def names(self) -> list[str]:
        return list(self._guardrails)

    def _rules(self, holds: Callable[[Guardrail], bool], *, schemas: bool = True) -> Rules | None:
        sizes: list[Size] = []
        given: list[Check] = []
        answered: list[Check] = []
        for guardrail, judging in self._guardrails.values():
            if not holds(guardrail):
                continue
            for guard, judges in zip(guardrail.guards, judging, strict=True):
                if isinstance(guard, SizeGuard):
                    sizes.append(_size(guardrail.name, guard))
                    continue
                if isinstance(guard, SchemaGuard) and not schemas:
                    continue
                if "input" in guard.on:
                    given.append(_check(guardrail.name, guard, judges, "input"))
                if "output" in guard.on:
                    answered.append(_check(guardrail.name, guard, judges, "output"))
        return rules_of(sizes, given, answered)


def _holds(guardrail: Guardrail, offering: "Offering") -> bool:
    targets = offering.targets if offering.shadow is None else (*offering.targets, offering.shadow)
    return holds(guardrail, offering.name, (offering.route.name, *(each.model for each in targets)))


def holds(guardrail: Guardrail, name: str, reached: Iterable[str]) -> bool:
    """Whether it holds for all who ask for a name, by which a route and models are `reached`.

    Whoever names a model means it by whatever way it is reached: as a target, as a fallback, or as a shadow.
    """
    named = guardrail.routes
    return (
        guardrail.default
        or name in named
        or any(each in named for each in reached)
        or (name.removeprefix("assistant/") in guardrail.assistants and "/" in name)
    )


def _check(name: str, guard: Guard, judges: Judging, stage: Stage) -> Check:
    """An answer has nothing to tokenise: what is found there beyond the placeholders is new, and masked."""
    action = "mask" if stage == "output" and guard.action == "tokenise" else guard.action
    return Check(
        guardrail=name,
        guard=guard.name if isinstance(guard, HttpGuard) else type_of(guard),
        action=action,
        open=guard.on_error == "open",
        stream=stream_of(guard),
        roles=_roles(guard, stage),
        apart=not isinstance(guard, SchemaGuard),
        heavy=isinstance(guard, InjectionGuard),
        erases=isinstance(guard, ShapeGuard),
        newest=isinstance(guard, TopicsGuard) and stage == "input",
        detector=judges.detector,
        late=judges.late,
        broken=judges.broken,
    )


def _roles(guard: Guard, stage: Stage) -> frozenset[Role] | None:
    if isinstance(guard, SchemaGuard):
        return frozenset[Role](("text",))
    if isinstance(guard, TopicsGuard):
        return frozenset[Role](("user",)) if stage == "input" else frozenset[Role](("text",))
    if isinstance(guard, InjectionGuard):
        return frozenset(_ROLES[source] for source in guard.sources)
    return None


def _size(name: str, guard: SizeGuard) -> Size:
    return Size(
        guardrail=name,
        warn=guard.action == "warn",
        characters=guard.characters,
        tokens=guard.tokens,
        messages=guard.messages,
    )
