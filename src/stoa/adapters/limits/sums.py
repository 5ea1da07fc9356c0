"""What is used in a window that ends, and what is under way, over all workers: a sum a meter in the shared file.

Each worker writes what came to an end and what it holds into numbers of its own, which the others read; so it settles without a
lock. A worker that starts anew gives back the places its forerunner had; money and tokens that it held stay counted until the
ledger tells of them. All but `has`, `take`, `settle` and `peek` is for the holder of the lock.
"""

import hashlib
import time

from stoa.adapters.limits.file import NAME_BYTES, LimitsFile
from stoa.adapters.limits.share import Share
from stoa.domain.counting import Claim, Meter

_LEASES = 64  # of each worker, in a limit
_AHEAD = 32  # times what one request claims: what is taken ahead looks to others as if it were used
_LATE_MS = 3_600_000  # after its end a window may still be settled
_START_S = 10.0
_ENDS, _KIND, _KNOWN, _DEAD, _OWN = 0, 1, 2, 3, 4
_WINDOW, _PARALLEL = 1, 2
_EMPTY = bytes(NAME_BYTES)


class Sum:
    """One worker's view of a meter's sum in one window."""

    __slots__ = (
        "_bucket", "_ends_ms", "_file", "_kind", "_mine", "_name", "_numbers", "_pending", "_stored", "left", "second", "share",
        "starts_ms", "under_way", "used",
    )  # fmt: skip

    ignores_unknown = False

    def __init__(self, file: LimitsFile, meter: Meter, starts_ms: int) -> None:
        self._file = file
        self.starts_ms = starts_ms
        name = f"{meter.id}:{starts_ms}"
        self._name = hashlib.blake2b(name.encode(), digest_size=NAME_BYTES).digest()
        self._bucket = int.from_bytes(self._name[:4], "little") % file.sum_buckets
        self._kind = _PARALLEL if meter.unit == "parallel" else _WINDOW
        self._ends_ms = 0  # of the claim that was made last
        self._mine = _OWN + 2 * (file.worker - 1)
        self._stored: memoryview | None = None  # the name in the file, once a slot was found
        self._numbers = memoryview(_EMPTY)
        self._pending = 0  # what came to an end and could not be written
        self.share = Share(meter)
        self.left = 0
        """Taken ahead and not used; held in the file."""
        self.second = 0
        self.under_way = 0
        self.used = 0

    def has(self, amount: int, second: int) -> bool:
        """Whether so much was taken ahead."""
        del second
        return self.left >= (amount or 1)

    def take(self, amount: int) -> None:
        self.left -= amount
        self.under_way += amount

    def open(self, claim: Claim, second: int, now_ms: int) -> int | None:
        """What is used, as all workers know it; None without a slot."""
        self.second, self._ends_ms = second, claim.ends_ms
        if not self._has_slot() and not self._find(now_ms):
            return None
        numbers = self._numbers
        self._write()
        settled, held = sum(numbers[_OWN::2]), sum(numbers[_OWN + 1 :: 2])
        told = claim.floor - numbers[_KNOWN] - settled
        if told > 0:  # of the dead it tells too
            dead = numbers[_DEAD]
            numbers[_KNOWN] += told
            numbers[_DEAD] = max(0, dead - told)
        self.share.found()
        self.used = numbers[_KNOWN] + numbers[_DEAD] + settled + held
        return self.used

    def count(self, claim: Claim) -> bool:
        """Count a claim that fits, and something ahead; whether there was. After `open`."""
        amount, ahead = claim.amount, 0
        if self._kind == _WINDOW:
            most, workers = claim.meter.most, self._file.workers
            room = (most - self.used) // (2 * workers)
            ahead = max(0, min(most // (_LEASES * workers), room, _AHEAD * amount) - amount)
        self.left += ahead
        self.under_way += amount
        self.used += amount + ahead
        self._numbers[self._mine + 1] = self.under_way + self.left
        return ahead > 0

    def settle(self, claimed: int, came_to: int | None, second: int, now: int) -> bool:
        """Whether it must be written later."""
        del second, now
        self.under_way -= claimed
        if self._kind == _WINDOW:
            self._pending += claimed if came_to is None else came_to
        if not self._has_slot():
            return True
        self._write()
        return False

    def take_alone(self, amount: int, second: int) -> None:
        self.share.add(amount, second)
        self.under_way += amount

    def wait_s(self, claim: Claim, now_ms: int) -> float:
        return max(1.0, (claim.ends_ms - now_ms) / 1000)

    def give_back(self, second: int) -> bool:
        """What was taken ahead and is left; True, for nothing stays."""
        del second
        self.left = 0
        if self._has_slot():
            self._write()
        return True

    def write(self, second: int) -> bool:
        """What could not be written yet; False without a slot."""
        del second
        if not self._has_slot() and not self._find(0):
            return False
        self._write()
        return True

    def peek(self) -> int:
        """What is used, as all workers know it, read without the lock: a hint."""
        if not self._has_slot():
            return self.used
        return sum(self._numbers[_KNOWN:]) - self.left

    def idle(self, second: int) -> bool:
        return not (self.left or self._pending or self.under_way) and second - self.second >= 120

    def _has_slot(self) -> bool:
        return self._stored is not None and bytes(self._stored) == self._name

    def _write(self) -> None:
        """What came to an end before what is held: one that is killed between them is counted twice, not never."""
        numbers, mine = self._numbers, self._mine
        if self._pending:
            numbers[mine] += self._pending
            self._pending = 0
        numbers[mine + 1] = self.under_way + self.left

    def _find(self, now_ms: int) -> bool:
        """Take the slot that has the meter's name, else one that is free or whose window is over."""
        file, free = self._file, None
        for way in range(file.sum_ways):
            start = file.sum_slot(self._bucket, way)
            stored = bytes(file.view[start : start + NAME_BYTES])
            if stored == self._name:
                self._look_at(start)
                return True
            if free is None and (stored == _EMPTY or _is_over(_numbers_at(file, start), now_ms)):
                free = start
        if free is None:
            return False
        self._look_at(free)
        file.view[free : free + NAME_BYTES] = _EMPTY
        numbers = self._numbers
        for place in range(len(numbers)):
            numbers[place] = 0
        numbers[_ENDS], numbers[_KIND] = self._ends_ms, self._kind
        file.view[free : free + NAME_BYTES] = self._name  # last: until now the slot was nobody's
        return True

    def _look_at(self, start: int) -> None:
        self._stored = self._file.view[start : start + NAME_BYTES]
        self._numbers = _numbers_at(self._file, start)


def begin(file: LimitsFile) -> bool:
    """Free what a worker of this number held before it was started again; False where the lock was not had."""
    own = _OWN + 2 * (file.worker - 1) + 1
    for bucket in range(file.sum_buckets):
        for way in range(file.sum_ways):
            start = file.sum_slot(bucket, way)
            if bytes(file.view[start : start + NAME_BYTES]) == _EMPTY or not _numbers_at(file, start)[own]:
                continue
            if not _locked(file):
                return False
            numbers = _numbers_at(file, start)
            if numbers[_KIND] == _WINDOW:
                numbers[_DEAD] += numbers[own]
            numbers[own] = 0
            file.unlock()
    return True


def _locked(file: LimitsFile) -> bool:
    """As long as a start may wait."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if file.lock():
            return True
        time.sleep(0.01)
    return False


def _numbers_at(file: LimitsFile, start: int) -> memoryview:
    return file.view[start + NAME_BYTES : start + file.sum_bytes].cast("q")


def _is_over(numbers: memoryview, now_ms: int) -> bool:
    if numbers[_ENDS]:
        return numbers[_ENDS] + _LATE_MS < now_ms
    return not any(numbers[_KNOWN:])
