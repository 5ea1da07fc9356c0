"""From a guard as it is declared to what detects."""

from collections.abc import Iterable, Sequence
from typing import Protocol, assert_never

from stoa.domain.guardrails import InjectionGuard, PersonalGuard, SchemaGuard, SecretsGuard, ShapeGuard, WordsGuard
from stoa.guards.finding import Detector, Finding
from stoa.guards.together import Together

Detecting = PersonalGuard | SecretsGuard | InjectionGuard | WordsGuard | ShapeGuard | SchemaGuard
SCHEMA = "NOT_OF_THE_SCHEMA"


class Recognizers(Protocol):
    """Makes a detector of another package. Raises MissingExtra, and ValueError where no recognizer knows a kind."""

    def __call__(self, kinds: Iterable[str] | None = None, *, least_score: float = 0.5) -> Detector: ...


def detector_of(guard: Detecting, *, presidio: Recognizers | None = None) -> Detector:
    """Raises ValueError, whose message begins with the field that is wrong, and MissingExtra.

    What detects is imported when it is first asked for: most of it brings lists and patterns along.
    """
    match guard:
        case PersonalGuard(engine="presidio"):
            if presidio is None:
                raise ValueError("engine: Presidio cannot be reached from here")
            return presidio(guard.kinds or None, least_score=guard.min_score)
        case PersonalGuard():
            from stoa.guards.personal.detector import DEFAULT, PersonalData

            return PersonalData(guard.kinds or DEFAULT, least_score=guard.min_score)
        case SecretsGuard():
            from stoa.guards.secrets import KINDS, Secrets

            return Secrets(guard.kinds or KINDS)
        case InjectionGuard():
            from stoa.guards.injection.detector import STRICT, THRESHOLD, InjectionDetector

            usual = STRICT if guard.profile == "strict" else THRESHOLD
            return InjectionDetector(usual if guard.threshold is None else guard.threshold)
        case WordsGuard():
            return _words(guard)
        case ShapeGuard():
            return _shape(guard)
        case SchemaGuard():
            return _OfSchema(guard)
        case _:
            assert_never(guard)


def _words(guard: WordsGuard) -> Detector:
    from stoa.guards.words import DenyList, Toxicity

    every: list[Detector] = []
    if guard.languages:
        every.append(Toxicity(guard.languages, least=guard.severity))
    if guard.deny or guard.patterns:
        every.append(DenyList(guard.deny, guard.patterns))
    return every[0] if len(every) == 1 else Together(every)


def _shape(guard: ShapeGuard) -> Detector:
    from stoa.guards.shape import Unseen

    every: list[Detector] = [Unseen()] if guard.invisible else []
    if guard.scripts or guard.repeated is not None:
        every.append(_OfShape(guard))
    return every[0] if len(every) == 1 else Together(every)


class _OfShape:
    """Implements `Detector`: what is wrong is wrong with the whole text."""

    reach = 0

    def __init__(self, guard: ShapeGuard) -> None:
        from stoa.guards.shape import Shape

        self._shape = Shape(repeated=guard.repeated, scripts=guard.scripts)

    def find(self, text: str) -> Sequence[Finding]:
        faults = self._shape.faults((text,))
        return [Finding(faults[0].rule.upper(), 0, len(text))] if faults else []


class _OfSchema:
    """Implements `Detector`: an answer that is not of the schema is so as a whole."""

    reach = 0

    def __init__(self, guard: SchemaGuard) -> None:
        from stoa.guards.schema import AnswerSchema

        self._schema = AnswerSchema(guard.schema)

    def find(self, text: str) -> Sequence[Finding]:
        return [Finding(SCHEMA, 0, len(text))] if self._schema.fault(text) is not None else []
