"""A usage log that lives in memory, and a sink that counts: the fakes of their ports."""

from collections.abc import Sequence
from time import time_ns

import msgspec

from stoa.domain.periods import Window
from stoa.domain.usage import Batch, Kept, Told, UsageFact
from stoa.errors import OperatorError, ProviderError


class MemoryLog:
    """Implements `domain.usage.UsageLog`. While `full` is set it refuses, as a full disk does."""

    def __init__(self, kept: Kept | None = None) -> None:
        self.facts: list[UsageFact] = []
        self.kept = kept or Kept()
        self.full = False
        self._shipped = 0

    def append(self, facts: Sequence[UsageFact]) -> int:
        if self.full:
            raise OperatorError("The usage log is full.", code="usage_log_full")
        self.facts += facts
        return len(self.facts)

    def next_batch(self) -> Batch | None:
        rest = self.facts[self._shipped :]
        return Batch(msgspec.msgpack.encode(rest), len(self.facts)) if rest else None

    async def shipped(self, position: int, *, told: Sequence[Told], as_of_ms: int) -> None:
        del told, as_of_ms
        self._shipped = position

    @property
    def backlog_bytes(self) -> int:
        return len(self.facts) - self._shipped


class MemorySink:
    """Implements `domain.usage.UsageSink`: keeps facts by id and sums their cost by team. While `away` is set it refuses."""

    def __init__(self) -> None:
        self.facts: dict[str, UsageFact] = {}
        self.batches = 0
        self.away = False

    async def ship(self, facts: bytes) -> Sequence[Told]:
        if self.away:
            raise ProviderError("The sink is away.")
        self.batches += 1
        for fact in msgspec.msgpack.decode(facts, type=list[UsageFact]):
            self.facts.setdefault(fact.id, fact)
        spend: dict[str, int] = {}
        for fact in self.facts.values():
            spend[fact.team] = spend.get(fact.team, 0) + (fact.cost_nano_usd or 0)
        month = Window("month")
        start = month.at(time_ns() // 1_000_000)
        return [Told("team", team, month.period, start, cost) for team, cost in spend.items()]
