"""How long an engine works for each of its requests: of every moment in which it works, those under way share it evenly.

So the seconds of all requests together are the seconds in which the engine was at work, however many it answers at once. It
is seen from one gateway worker: what others send to the same engine at that moment is not known here.
"""


class EngineClock:
    """One engine's. Times are seconds of a clock that never goes back."""

    __slots__ = ("_at", "_shared", "_under_way")

    def __init__(self) -> None:
        self._under_way = 0
        self._shared = 0.0  # what a request that was under way since the beginning would have
        self._at = 0.0

    def begin(self, now: float) -> "EngineWork":
        self._advance(now)
        self._under_way += 1
        return EngineWork(self, self._shared)

    def _advance(self, now: float) -> float:
        if self._under_way:
            self._shared += (now - self._at) / self._under_way
        self._at = now
        return self._shared

    def leave(self, now: float) -> float:
        """One request less. Returns the shared seconds until then."""
        shared = self._advance(now)
        self._under_way -= 1
        return shared

    def shared(self, now: float) -> float:
        """The shared seconds until now."""
        return self._advance(now)


class EngineWork:
    """One request's share."""

    __slots__ = ("_began", "_clock", "_seconds")

    def __init__(self, clock: EngineClock, began: float) -> None:
        self._clock = clock
        self._began = began
        self._seconds: float | None = None

    def end(self, now: float) -> None:
        if self._seconds is None:
            self._seconds = self._clock.leave(now) - self._began

    def seconds(self, now: float) -> float:
        """Until now, or until it ended."""
        return self._clock.shared(now) - self._began if self._seconds is None else self._seconds
