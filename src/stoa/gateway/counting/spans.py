"""What is used in a window that begins and ends, and what is under way and belongs to none yet."""


class Span:
    """Of one meter. What is under way when a window ends is still held in the next, where it will be settled.

    With `keeps` what is settled stays until the window ends; without it nothing stays of what is over.
    """

    __slots__ = ("held", "keeps", "settled", "start")

    def __init__(self, *, keeps: bool) -> None:
        self.keeps = keeps
        self.start = 0
        self.settled = 0
        self.held = 0

    def used(self, starts_ms: int, floor: int) -> int:
        """In the window that began then. `floor` is what is known to be settled in it."""
        if starts_ms != self.start:
            self.roll(starts_ms)
        return max(self.settled, floor) + self.held

    def roll(self, starts_ms: int) -> None:
        """Another window has begun."""
        self.start = starts_ms
        self.settled = 0
