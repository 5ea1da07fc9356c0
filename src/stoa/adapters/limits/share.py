"""What one process has used of a meter while nobody could be asked: of the last minute, and in all."""

from collections import deque

_SLIDING_S = 61


class Share:
    """`used` is of any sixty seconds, for a meter that is `sliding`; else since the count was lost."""

    __slots__ = ("_seconds", "_sliding", "_total")

    def __init__(self, *, sliding: bool) -> None:
        self._sliding = sliding
        self._seconds = deque[list[int]]()
        self._total = 0

    def used(self, second: int) -> int:
        seconds = self._seconds
        while seconds and second - seconds[0][0] >= _SLIDING_S:
            self._total -= seconds.popleft()[1]
        return self._total

    def add(self, amount: int, second: int) -> None:
        self._total += amount
        if not self._sliding:
            return
        seconds = self._seconds
        if seconds and seconds[-1][0] >= second:
            seconds[-1][1] += amount
        else:
            seconds.append([second, amount])

    def clear(self) -> None:
        self._seconds.clear()
        self._total = 0
