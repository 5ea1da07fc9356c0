"""What the cache consists of in one process, and what is asked of all of it at once."""

import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Self

from stoa.domain.passages import Embedder
from stoa.domain.usage import CacheOutcome
from stoa.gateway.ask import Ask
from stoa.gateway.caching.directives import NONE, directives_of
from stoa.gateway.caching.entries import AnswerCache
from stoa.gateway.caching.flights import Flights
from stoa.gateway.caching.key import Keys
from stoa.gateway.caching.shared import SharedTier
from stoa.gateway.likeness.store import Questions
from stoa.gateway.plan import Client, Offering, Plan
from stoa.gateway.surface import Surface

CONTROL = b"cache-control"
MOST_QUESTIONS = 100_000


@dataclass(slots=True)
class Caching:
    """In the order in which a request asks them: this process, what is under way in it, what gateways share."""

    entries: AnswerCache
    keys: Keys = field(default_factory=Keys)
    flights: Flights = field(default_factory=Flights)
    shared: SharedTier | None = None
    questions: Questions = field(default_factory=lambda: Questions(max_bytes=0, max_entries=0))
    """Those of routes whose policy is `semantic`, with the keys of their answers."""
    embedder: Embedder | None = None
    """What tells how near two of them are."""
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, max_bytes: int, *, shared: SharedTier | None) -> Self:
        """Questions may take an eighth on top of the answers."""
        questions = Questions(max_bytes=max_bytes // 8, max_entries=MOST_QUESTIONS)
        return cls(AnswerCache(max_bytes, dropped=questions.drop), shared=shared, questions=questions)

    def outlook(
        self, client: Client, offering: Offering, surface: Surface, ask: Ask, body: bytes, headers: Mapping[bytes, bytes]
    ) -> CacheOutcome:
        """What this process would say to the request."""
        directives = directives_of(headers[CONTROL]) if CONTROL in headers else NONE
        key = self.keys.of(client, offering, surface, ask, body, headers)
        if offering.cache is None or key is None or not directives.look:
            return "bypass"
        now, ttl = self.clock(), offering.cache.ttl_s
        entry = self.entries.get(key, now_s=now, ttl_s=ttl)
        if entry is None:
            return "miss"
        age = now - entry.kept_at_s
        return "hit" if directives.allows(age, ttl - age) else "miss"

    def serve(self, plan: Plan) -> None:
        """From now on; what came from anything that is no longer served goes."""
        self.entries.serve(served_by(plan))

    async def drop(self, scope: bytes) -> int:
        """Forget every answer of a scope, here and where gateways share them. Raises OperatorError."""
        return self.entries.drop(scope) + (await self.shared.drop(scope) if self.shared is not None else 0)


def served_by(plan: Plan) -> AbstractSet[bytes]:
    return frozenset(
        each.fingerprint for offerings in plan.offerings.values() for each in offerings.values() if each.cache is not None
    )
