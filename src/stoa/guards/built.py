"""From a guard as it is declared to what detects."""

from typing import assert_never

from stoa.domain.guardrails import (
    HttpGuard,
    InjectionGuard,
    PersonalGuard,
    SchemaGuard,
    SecretsGuard,
    ShapeGuard,
    SizeGuard,
    TopicsGuard,
    WordsGuard,
)
from stoa.guards.finding import Detector
from stoa.guards.together import Together

Detecting = PersonalGuard | SecretsGuard | InjectionGuard | WordsGuard | ShapeGuard | SchemaGuard


def detector_of(guard: Detecting) -> Detector:
    """Raises ValueError, whose message begins with the field that is wrong, and MissingExtra.

    What detects is imported when it is first asked for: most of it brings lists and patterns along.
    """
    match guard:
        case PersonalGuard():
            from stoa.guards.personal.detector import DEFAULT, PersonalData

            return PersonalData(guard.kinds or DEFAULT, least_score=guard.min_score)
        case WordsGuard():
            return _words(guard)
        case SecretsGuard():
            from stoa.guards.secrets import KINDS, Secrets

            return Secrets(guard.kinds or KINDS)
        case _:
            raise NotImplementedError


def _words(guard: WordsGuard) -> Detector:
    from stoa.guards.words import DenyList, Toxicity

    every: list[Detector] = []
    if guard.languages:
        every.append(Toxicity(guard.languages, least=guard.severity))
    if guard.deny or guard.patterns:
        every.append(DenyList(guard.deny, guard.patterns))
    return every[0] if len(every) == 1 else Together(every)
