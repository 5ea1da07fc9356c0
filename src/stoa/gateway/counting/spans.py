"""What is used in a window that begins and ends, and what is under way and belongs to none yet."""


class Span:
    """Of one meter. What is under way when a window ends is still held in the next, where it will be settled."""

    __slots__ = ("_start", "held", "settled")

    def __init__(self) -> None:
        self._start = 0
        self.settled = 0
        self.held = 0

    def used(self, now_ms: int, starts_ms: int = 0, floor: int = 0) -> int:
        """In the window that began then. `floor` is what is known to be settled in it."""
        del now_ms
        if starts_ms != self._start:
            self._start = starts_ms
            self.settled = 0
        return (max(floor, self.settled)) + self.held

    def take(self, amount: int, now_ms: int) -> None:
        del now_ms
        self.held += amount

    def settle(self, claimed: int, amount: int, at_ms: int, now_ms: int) -> None:
        del at_ms, now_ms
        self.held -= claimed
        self.settled += amount

    def idle(self, now_ms: int) -> bool:
        """Whether nothing is lost with it."""
        del now_ms
        return self.held == 0 and self.settled == 0


class Parallel(Span):
    """Of requests under way at once: nothing stays of one that is over."""

    __slots__ = ()

    def settle(self, claimed: int, amount: int, at_ms: int, now_ms: int) -> None:
        del amount, at_ms, now_ms
        self.held -= claimed
