"""Counts together with the other gateway workers of this machine, in a file that all of them map.

One lock for each request that is not covered by what was taken ahead; it is held for microseconds. A worker that is frozen
while it has it holds the others up for 20 ms, and for a second after that they go on without it, as each meter says.
"""

import asyncio
import logging
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Self

from stoa.adapters.limits.file import PATIENCE_S, LimitsFile
from stoa.adapters.limits.rings import Ring
from stoa.adapters.limits.sums import Sum, begin
from stoa.domain.counting import Claim, Meter, Outcome, Refused
from stoa.domain.metrics import SECONDS, Sheet
from stoa.errors import OperatorError

log = logging.getLogger("stoa.gateway")

_TICK_S = 0.5
_SWEEP_S = 60.0

Place = Ring | Sum


class Granted:
    """Implements `domain.counting.Held`."""

    __slots__ = ("_alone", "_claims", "_counter", "_places", "_second")

    def __init__(
        self, counter: "MachineCounter", claims: Sequence[Claim], places: list[Place], second: int, *, alone: bool = False
    ) -> None:
        self._counter, self._claims, self._places, self._second, self._alone = counter, claims, places, second, alone

    def settle(self, amounts: Sequence[int | None]) -> None:
        self._counter.settle(self._claims, self._places, self._second, amounts, alone=self._alone)


class MachineCounter:
    """Implements `domain.counting.SharedCounter`. Raises OperatorError where another worker does not let go of the file.

    `clock` is one that never goes back, the same for all processes of the machine, in seconds.
    """

    kind: Literal["file"] = "file"
    patience_s = PATIENCE_S

    def __init__(self, file: LimitsFile, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._places: dict[str, Place] = {}
        """By meter, of the window that was claimed of last."""
        self._windows: dict[tuple[str, int], Place] = {}
        self._ahead: dict[Place, None] = {}
        self._pending: dict[Place, None] = {}
        self._full = False
        self._waits, self._waited_s = [0] * (len(SECONDS) + 1), 0.0
        self._alone_of: dict[str, int] = {}
        self.lost = False
        file.waited = self._waited
        if not begin(file):
            raise OperatorError("Another gateway worker holds the limits and does not let go. Stop Stoa and start it again.")

    @classmethod
    def at(cls, path: Path, *, worker: int, workers: int) -> Self:
        """Raises OperatorError when the file cannot be made."""
        return cls(LimitsFile(path, worker=worker, workers=workers))

    # --- the port

    def claim(self, claims: Sequence[Claim], now_ms: int, told: Callable[[Outcome], None]) -> Outcome | None:
        del told
        second, places, short, known = int(self._clock()), list[Place](), False, self._places
        for meter, amount, starts_ms, _, _ in claims:
            place = known.get(meter.id)
            if place is None or place.starts_ms != starts_ms:
                place = self._find(meter, starts_ms)
            places.append(place)
            if not place.has(amount, second):
                short = True
        if short:
            return self._count(claims, places, second, now_ms)
        for place, claim in zip(places, claims, strict=True):
            place.take(claim[1])
        return Granted(self, claims, places, second)

    def used(self, claim: Claim, now_ms: int) -> tuple[int, int]:
        place = self._windows.get((claim.meter.id, claim.starts_ms))
        return claim.floor if place is None else max(claim.floor, place.peek()), now_ms

    def show(self, sheet: Sheet) -> None:
        sheet.add("stoa_limits_lost", int(self.lost), "file")
        sheet.observe("stoa_limits_wait_seconds", self._waits, self._waited_s)
        for outcome, count in self._alone_of.items():
            sheet.add("stoa_limits_alone_total", count, outcome)

    def settle(
        self, claims: Sequence[Claim], places: list[Place], second: int, amounts: Sequence[int | None], *, alone: bool
    ) -> None:
        """Of a request that was granted."""
        now = 0
        for claim, place, amount in zip(claims, places, amounts, strict=True):
            if amount is None and place.ignores_unknown:
                continue
            now = now or int(self._clock())
            if alone and amount is not None:
                place.share.add(amount - claim.amount, second)
            if place.settle(claim.amount, amount, second, now):
                self._pending[place] = None
        if self._pending:
            self._write(now)

    # --- under the lock

    def _find(self, meter: Meter, starts_ms: int) -> Place:
        place = self._windows.get((meter.id, starts_ms))
        if place is None:
            file = self._file
            place = Ring(file, meter) if meter.sliding else Sum(file, meter, starts_ms)
            self._windows[meter.id, starts_ms] = place
        self._places[meter.id] = place
        return place

    def _count(self, claims: Sequence[Claim], places: list[Place], second: int, now_ms: int) -> Outcome:
        file, counted = self._file, second
        if not self._lock():
            return self._alone(claims, places, second, now_ms)
        try:
            covered = list[bool]()
            for place, claim in zip(places, claims, strict=True):
                covered.append(place.has(claim.amount, second))
                if covered[-1]:
                    continue
                used = place.open(claim, second, now_ms)
                if used is None:
                    self._say_full(claim)
                    return self._alone(claims, places, second, now_ms)
                meter = claim.meter
                if used >= meter.most if meter.unit == "nano_usd" else used + claim.amount > meter.most:
                    return Refused(claim, used, now_ms, place.wait_s(claim, now_ms))
                counted = max(counted, place.second)
            for place, claim, is_covered in zip(places, claims, covered, strict=True):
                if is_covered:
                    place.take(claim.amount)
                elif place.count(claim):
                    self._ahead[place] = None
        finally:
            file.unlock()
        return Granted(self, claims, places, counted)

    def _write(self, second: int) -> None:
        """What could not be written without the lock."""
        if not self._lock():
            return
        try:
            self._write_pending(second)
        finally:
            self._file.unlock()

    def _write_pending(self, second: int) -> None:
        for place in tuple(self._pending):
            if place.write(second):
                del self._pending[place]

    def _waited(self, seconds: float) -> None:
        self._waits[bisect_left(SECONDS, seconds)] += 1
        self._waited_s += seconds

    def _lock(self) -> bool:
        had = self._file.lock()
        if had == self.lost:
            self.lost = not had
            if had:
                log.info("limits are counted together again")
            else:
                log.warning(
                    "limits cannot be counted together: another worker holds them. Each is open or closed meanwhile, "
                    "as it says."
                )
        return had

    def _alone(self, claims: Sequence[Claim], places: list[Place], second: int, now_ms: int) -> Outcome:
        for claim, place in zip(claims, places, strict=True):
            known = max(claim.floor + place.under_way, place.peek())
            used = place.share.lacks(claim, second, under_way=place.under_way, known=known)
            if used is not None:
                self._alone_of["refused"] = self._alone_of.get("refused", 0) + 1
                return Refused(claim, used, now_ms, 1.0, lost=True)
        for claim, place in zip(claims, places, strict=True):
            place.take_alone(claim.amount, second)
            self._pending[place] = None
        self._alone_of["open"] = self._alone_of.get("open", 0) + 1
        return Granted(self, claims, places, second, alone=True)

    def _say_full(self, claim: Claim) -> None:
        if not self._full:
            self._full = True
            log.warning(
                "there are more limits and budgets in use than workers can count together; %r is open or closed, as it says",
                claim.meter.id,
            )

    # --- now and then

    async def run(self) -> None:
        """Until cancelled: what was taken ahead and not used is there for the other workers within a second."""
        swept = self._clock()
        while True:
            await asyncio.sleep(_TICK_S)
            self.give_back()
            now = self._clock()
            if now - swept >= _SWEEP_S:
                swept = now
                second = int(now)
                self._windows = {name: place for name, place in self._windows.items() if not place.idle(second)}
                self._places = {
                    name: self._windows[name, at.starts_ms]
                    for name, at in self._places.items()
                    if (name, at.starts_ms) in self._windows
                }

    def give_back(self) -> None:
        """What was taken ahead, of any sixty seconds in an earlier one; and what could not be written."""
        if not (self._ahead or self._pending) or not self._lock():
            return
        second = int(self._clock())
        try:
            for place in tuple(self._ahead):
                if place.give_back(second):
                    del self._ahead[place]
            self._write_pending(second)
        finally:
            self._file.unlock()

    async def close(self) -> None:
        """Give back what was taken ahead, after `run` was cancelled."""
        self.give_back()
        self._file.close()
