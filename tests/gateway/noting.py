"""A counter that notes what is claimed and settled, and can tell outcomes late, as one across a network does."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Literal

from stoa.domain.counting import Claim, Held, Outcome, Refused
from stoa.domain.metrics import Sheet
from stoa.gateway.counting.local import LocalCounter


class Noting:
    """Implements `domain.counting.SharedCounter` over the one of a process."""

    patience_s = 0.05
    kind: Literal["file", "redis"] = "file"
    lost = False

    def __init__(self, *, late: bool = False) -> None:
        self.inner = LocalCounter(lambda: time.time_ns() // 1_000_000)
        self.late = late
        self.granted: list[_Noted] = []
        self.refused: list[Refused] = []
        self.claims: list[Sequence[Claim]] = []
        self._waiting = 0

    def claim(self, claims: Sequence[Claim], now_ms: int, told: Callable[[Outcome], None]) -> Outcome | None:
        self.claims.append(tuple(claims))
        if not self.late:
            return self._outcome(claims, now_ms)

        def answer() -> None:
            self._waiting -= 1
            told(self._outcome(claims, now_ms))

        self._waiting += 1
        asyncio.get_running_loop().call_later(0.001, answer)
        return None

    def used(self, claim: Claim, now_ms: int) -> tuple[int, int]:
        return self.inner.used(claim, now_ms)

    def show(self, sheet: Sheet) -> None: ...

    def everything_was_settled_once(self) -> None:
        assert self._waiting == 0, "an outcome was never told"
        assert [each.settled for each in self.granted] == [1] * len(self.granted)
        for claims in self.claims:
            for claim in claims:
                if claim.meter.unit == "parallel":
                    assert self.used(claim, time.time_ns() // 1_000_000)[0] == 0, "a place stayed taken"

    def _outcome(self, claims: Sequence[Claim], now_ms: int) -> Outcome:
        found = self.inner.claim(claims, now_ms, lambda _: None)
        assert found is not None
        if isinstance(found, Refused):
            self.refused.append(found)
            return found
        noted = _Noted(found)
        self.granted.append(noted)
        return noted


class _Noted:
    def __init__(self, held: Held) -> None:
        self._held = held
        self.settled = 0
        self.amounts: Sequence[int | None] = ()

    def settle(self, amounts: Sequence[int | None]) -> None:
        self.settled += 1
        self.amounts = tuple(amounts)
        self._held.settle(amounts)
