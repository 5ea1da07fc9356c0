"""What is used within any sixty seconds, over all workers: a ring of counters a meter in the shared file.

A worker takes a part of a high limit ahead, counted in the present second when it is taken. So no sixty seconds ever see more
than the limit, and most requests need no lock. What is left of it is given back when the meter is next looked at, or within a
second. All but `has`, `take`, `settle` and `peek` is for the holder of the lock.
"""

import hashlib

from stoa.adapters.limits.file import NAME_BYTES, SECONDS, LimitsFile
from stoa.adapters.limits.share import Share
from stoa.domain.counting import Claim, Meter

_LEASES = 64  # of each worker, in a limit
_AHEAD_S = 600  # a worker may have read its clock a while before it asks; a ring this far ahead is of another boot
_EMPTY = bytes(NAME_BYTES)
_ZEROS = bytes(4 * SECONDS)
_LARGEST = 2**32 - 1


class Ring:
    """One worker's view of a meter's ring. Seconds are of the machine's clock that never goes back."""

    __slots__ = (
        "_bucket", "_counts", "_file", "_name", "_pending", "_stamp", "_stored", "left", "second", "share", "under_way", "used",
    )  # fmt: skip

    starts_ms = 0
    ignores_unknown = True
    """Whether nothing is to be done for what came to an amount that nobody knows."""

    def __init__(self, file: LimitsFile, meter: Meter) -> None:
        self._file = file
        self._name = hashlib.blake2b(meter.id.encode(), digest_size=NAME_BYTES).digest()
        self._bucket = int.from_bytes(self._name[:4], "little") % file.buckets
        self._stored: memoryview | None = None  # the name in the file, once a slot was found
        self._stamp = self._counts = memoryview(_EMPTY)
        self._pending: dict[int, int] = {}  # by second, what could not be written yet
        self.share = Share(meter)
        self.left = 0
        self.second = 0
        """The one that was counted in last, and that what is left belongs to."""
        self.under_way = 0
        self.used = 0

    def has(self, amount: int, second: int) -> bool:
        """Whether so much was taken ahead, for this second."""
        return self.left >= (amount or 1) and self.second == second

    def take(self, amount: int) -> None:
        self.left -= amount

    def open(self, claim: Claim, second: int, now_ms: int) -> int | None:
        """Bring it to this second, or to a later one where another worker has brought it. What is used; None without a slot."""
        del claim, now_ms
        if not self.write(second) or not self._has_slot():
            return None
        self.share.found()
        self.used = sum(self._counts)
        return self.used

    def write(self, second: int) -> bool:
        """What could not be written yet, and what is left of what was taken ahead; False without a slot."""
        self._return()
        if not self._has_slot() and not self._find(second):
            self._pending = {at: amount for at, amount in self._pending.items() if second - at < SECONDS}
            return not self._pending
        self.second = self._advance(second)
        if self._pending:
            for at, amount in self._pending.items():
                self._write(at, amount)
            self._pending.clear()
        return True

    def count(self, claim: Claim) -> bool:
        """Count a claim that fits, and something ahead; whether there was. After `open`."""
        most, workers, amount = claim.meter.most, self._file.workers, claim.amount
        room = most - self.used
        ahead = max(0, min(most // (_LEASES * workers), room // (2 * workers)) - amount)
        self._write(self.second, amount + ahead)
        self.used += amount + ahead
        self.left = ahead
        return ahead > 0

    def settle(self, claimed: int, came_to: int | None, second: int, now: int) -> bool:
        """Whether there is something to write."""
        by = 0 if came_to is None else came_to - claimed
        if by == 0:
            return False
        self.add(by, now if by > 0 else second)
        return True

    def add(self, amount: int, second: int) -> None:
        """To be written with the next look."""
        self._pending[second] = self._pending.get(second, 0) + amount

    def take_alone(self, amount: int, second: int) -> None:
        self.share.add(amount, second)
        self.add(amount, second)

    def wait_s(self, claim: Claim, now_ms: int) -> float:
        """Until so much will be taken, after a refusal. The counters are read without the lock: what they tell is a hint."""
        del now_ms
        if self._stored is None:
            return 1.0
        counts, last, left = self._counts, self._stamp[0], sum(self._counts)
        for age in range(SECONDS - 1, -1, -1):
            left -= counts[(last - age) % SECONDS]
            if left + claim.amount <= claim.meter.most:
                return float(SECONDS - age)
        return float(SECONDS)

    def give_back(self, second: int) -> bool:
        """What is left of an earlier second; False when there is some of this one."""
        if self.second < second:
            self._return()
        return self.left == 0

    def peek(self) -> int:
        """What is used, read without the lock: a hint."""
        return sum(self._counts) - self.left if self._has_slot() else self.used

    def idle(self, second: int) -> bool:
        return not (self.left or self._pending or self.share.used(second)) and second - self.second >= 2 * SECONDS

    def _has_slot(self) -> bool:
        return self._stored is not None and bytes(self._stored) == self._name

    def _return(self) -> None:
        left, self.left = self.left, 0
        if left and self._has_slot():
            self._write(self.second, -left)

    def _write(self, second: int, amount: int) -> None:
        last = self._stamp[0]
        if last - second < SECONDS:
            place = min(second, last) % SECONDS
            self._counts[place] = min(_LARGEST, max(0, self._counts[place] + amount))

    def _advance(self, second: int) -> int:
        last = self._stamp[0]
        if last > second + _AHEAD_S or second - last >= SECONDS:
            self._counts.cast("B")[:] = _ZEROS
        elif second > last:
            for passed in range(last + 1, second + 1):
                self._counts[passed % SECONDS] = 0
        else:
            return last
        self._stamp[0] = second  # after the counters: whoever is killed before this has changed nothing that counts
        return second

    def _find(self, second: int) -> bool:
        """Take the slot that has the meter's name, else one that is free or whose minute is over."""
        file, free = self._file, None
        for way in range(file.ways):
            start = file.slot(self._bucket, way)
            stored = bytes(file.view[start : start + NAME_BYTES])
            if stored == self._name:
                self._look_at(start)
                return True
            if free is None:
                stamp = file.view[start + NAME_BYTES : start + NAME_BYTES + 8].cast("Q")[0]
                if stored == _EMPTY or stamp > second + _AHEAD_S or second - stamp >= SECONDS:
                    free = start
        if free is None:
            return False
        self._look_at(free)
        self._counts.cast("B")[:] = _ZEROS
        self._stamp[0] = second
        file.view[free : free + NAME_BYTES] = self._name  # last: until now the slot was nobody's, or its old meter's
        return True

    def _look_at(self, start: int) -> None:
        view, stamp = self._file.view, start + NAME_BYTES
        self._stored = view[start:stamp]
        self._stamp = view[stamp : stamp + 8].cast("Q")
        self._counts = view[stamp + 8 : stamp + 8 + 4 * SECONDS].cast("I")
