"""Personal data by patterns and check digits."""

from collections.abc import Iterable, Sequence

from stoa.guards.finding import Finding
from stoa.guards.patterns import Patterns
from stoa.guards.personal import contact, health, identity, money, people, places

_RULES = (*contact.RULES, *money.RULES, *identity.RULES, *health.RULES, *places.RULES, *people.RULES)

KINDS = frozenset(rule.kind for rule in _RULES)
"""Everything that can be looked for."""

BROAD = frozenset(
    {"AGE", "DATE_TIME", "DOMAIN_NAME", "LOCATION", "NRP", "ORGANIZATION", "PERSON", "STREET_ADDRESS", "TITLE", "ZIP_CODE"}
)
"""Kinds that ordinary text is full of, or that patterns see only in part: they are looked for when asked for."""

DEFAULT = KINDS - BROAD
LEAST_SCORE = 0.5


class PersonalData:
    """Implements `Detector`. Raises ValueError where a kind is unknown or the least score is not in (0, 1]."""

    def __init__(self, kinds: Iterable[str] = DEFAULT, *, least_score: float = LEAST_SCORE) -> None:
        wanted = frozenset(kinds)
        if unknown := sorted(wanted - KINDS):
            raise ValueError(f"kinds: {unknown[0]!r} is not a kind of personal data; known are {', '.join(sorted(KINDS))}")
        if not 0 < least_score <= 1:
            raise ValueError(f"least_score: {least_score!r} is not above 0 and at most 1")
        self.kinds = wanted
        self._patterns = Patterns([rule for rule in _RULES if rule.kind in wanted and rule.score >= least_score])
        self.reach = self._patterns.reach

    def find(self, text: str) -> Sequence[Finding]:
        return self._patterns.find(text)
