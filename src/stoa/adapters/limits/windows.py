"""Requests per minute over all workers: a ring of counters a key in the shared file, from which a worker takes leases.

A lease is a right to some requests in the present second, counted when it is taken. So no sixty seconds ever see more than the
limit, and a key with a high limit needs the lock once for many requests. What is left of a lease is given back when the key's
next request comes, or within a second by `give_back`. A low limit is counted request by request.
"""

import hashlib
import logging

from stoa.adapters.limits.file import NAME_BYTES, SECONDS, LimitsFile

log = logging.getLogger("stoa.gateway")

_LEASES = 64  # of each worker, in a limit
_AHEAD_S = 600  # a worker may have read its clock a while before it asks; a ring this far ahead is of another boot
_EMPTY = bytes(NAME_BYTES)
_ZEROS = bytes(4 * SECONDS)


class SharedWindow:
    """Implements `domain.limits.Window`."""

    __slots__ = ("_bucket", "_counts", "_left", "_name", "_second", "_stamp", "_stored", "_windows", "total")

    def __init__(self, windows: "SharedWindows", key: str) -> None:
        self._windows = windows
        self._name = hashlib.blake2b(key.encode(), digest_size=NAME_BYTES).digest()
        self._bucket = int.from_bytes(self._name[:4], "little") % windows.file.buckets
        self._stored: memoryview | None = None  # the name in the file, once a slot was found
        self._stamp = self._counts = memoryview(_EMPTY)
        self._left = 0
        self._second = 0  # of the lease
        self.total = 0

    def take(self, limit: int, second: int) -> bool:
        if self._left and second == self._second:
            self._left -= 1
            return True
        return self._lease(limit, second)

    def wait_s(self, limit: int) -> int:
        """The counters are read without the lock: what they tell is a hint."""
        if self._stored is None or self.total < limit:
            return 1
        counts, last = self._counts, self._stamp[0]
        left = sum(counts)
        for age in range(SECONDS - 1, 0, -1):
            left -= counts[(last - age) % SECONDS]
            if left < limit:
                return SECONDS - age
        return SECONDS

    def give_back(self, second: int) -> bool:
        """What is left of a lease of an earlier second; False when it could not be returned now."""
        if self._left and self._second < second:
            file, place = self._windows.file, self._windows.file.slot(self._bucket, 0)
            if not file.lock(place):
                return False
            try:
                self._return(self._second)
            finally:
                file.unlock(place)
        return self._left == 0

    def _lease(self, limit: int, second: int) -> bool:
        windows = self._windows
        file, place = windows.file, windows.file.slot(self._bucket, 0)
        if not file.lock(place):
            self.total = 0
            return False
        try:
            self._return(second)
            if not self._has_slot() and not self._find(second):
                self.total = limit
                return False
            second = self._advance(second)
            counts = self._counts
            total = self.total = sum(counts)
            room = limit - total
            if room <= 0:
                return False
            size = max(1, min(limit // (_LEASES * file.workers), room // (2 * file.workers)))
            counts[second % SECONDS] += size
        finally:
            file.unlock(place)
        self._second, self._left = second, size - 1
        if size > 1:
            windows.leased[self] = None
        return True

    def _has_slot(self) -> bool:
        return self._stored is not None and bytes(self._stored) == self._name

    def _return(self, second: int) -> None:
        """For the holder of the lock."""
        left, self._left = self._left, 0
        if left and self._has_slot() and second - self._second < SECONDS:
            place = self._second % SECONDS
            self._counts[place] = max(0, self._counts[place] - left)

    def _advance(self, second: int) -> int:
        """Bring the ring to this second; returns the one that counts, which another worker may have brought it to."""
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
        """Take the slot that has the key's name, else one that is free or whose minute is over."""
        file, free = self._windows.file, None
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
            log.warning("more keys have made requests within a minute than workers can count together; one is refused")
            return False
        self._look_at(free)
        self._counts.cast("B")[:] = _ZEROS
        self._stamp[0] = second
        file.view[free : free + NAME_BYTES] = self._name  # last: until now the slot was nobody's, or its old key's
        return True

    def _look_at(self, start: int) -> None:
        view, stamp = self._windows.file.view, start + NAME_BYTES
        self._stored = view[start:stamp]
        self._stamp = view[stamp : stamp + 8].cast("Q")
        self._counts = view[stamp + 8 : stamp + 8 + 4 * SECONDS].cast("I")


class SharedWindows:
    """The windows of all keys, as one worker sees them."""

    def __init__(self, file: LimitsFile) -> None:
        self.file = file
        self.leased: dict[SharedWindow, None] = {}
        """Those of which something may be left."""

    def window(self, key: str) -> SharedWindow:
        return SharedWindow(self, key)

    def give_back(self, second: int) -> None:
        """What is left of the leases of earlier seconds."""
        for window in tuple(self.leased):
            if window.give_back(second):
                del self.leased[window]
