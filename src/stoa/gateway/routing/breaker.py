"""The circuit breaker of one target: closed while it answers, open while it only fails, half-open for one probe at a time.

closed ── `failures` in a row, or one rate limit with a Retry-After ──> open ── cool-down over ──> half-open
half-open ── the probe ends well ──> closed        half-open ── it fails ──> open, for twice as long
half-open ── it is given up, or shows nothing about the target ──> half-open, for the next probe

Every try is let in with a stamp and ends with it. A try that began before the last change of position says nothing about the
target as it is now, and is not counted: an answer that was under way when a provider said "not before a minute" does not
reopen the way, and a timeout that began before a recovery does not undo it.
"""

from collections.abc import Callable, Iterable

from stoa.domain.operations import CALLERS_FAULTS, ErrorClass
from stoa.domain.resources import Breaker
from stoa.domain.targets import BreakerPosition

MOST_RETRY_AFTER_S = 3600.0
"""A Retry-After is believed up to an hour; then one probe finds out."""
REFUSED = 0
_JITTER = 0.25
_PROBE = 2
_STEP = 4  # stamps: two low bits for the lane and the probe, the rest counts changes of position
_PROBE_AGAIN_S = 1.0


class CircuitBreaker:
    """`draw` gives numbers in [0, 1): cool-downs are up to a quarter longer, so that gateways do not probe in step."""

    __slots__ = ("_cooldown_s", "_draw", "_on_change", "_probing", "failures", "open_until", "opened_by", "settings", "stamp")

    def __init__(self, settings: Breaker, draw: Callable[[], float], on_change: Callable[[], None]) -> None:
        self.settings = settings
        self.failures = 0
        """In a row."""
        self.open_until = 0.0
        """0 while closed."""
        self.opened_by: ErrorClass | None = None
        self.stamp = _STEP
        """What a try is let in with while closed."""
        self._cooldown_s = 0.0
        self._probing = False
        self._draw = draw
        self._on_change = on_change

    def position(self, now: float) -> BreakerPosition:
        if self.open_until == 0.0:
            return "closed"
        return "open" if now < self.open_until else "half_open"

    def usable(self, now: float) -> bool:
        """Whether a try would be let in."""
        until = self.open_until
        return until == 0.0 or (now >= until and not self._probing)

    def opens_again_in(self, now: float) -> float:
        """Seconds until it makes sense to ask again: 0 when a try would be let in, 1 while a probe is finding out."""
        if self.usable(now):
            return 0.0
        return _PROBE_AGAIN_S if now >= self.open_until else self.open_until - now

    def enter(self, now: float) -> int:
        """A try begins: the stamp that it ends with, or REFUSED."""
        if self.open_until == 0.0:
            return self.stamp
        if not self.usable(now):
            return REFUSED
        self._probing = True
        return self.stamp | _PROBE

    def succeeded(self, stamp: int) -> None:
        if stamp & -_STEP != self.stamp:
            return
        self.failures = 0
        if stamp & _PROBE:
            self._move(0.0)
            self._cooldown_s = 0.0
            self.opened_by = None

    def failed(self, now: float, error_class: ErrorClass, retry_after_s: float | None, stamp: int) -> None:
        if stamp & -_STEP != self.stamp:
            return
        if error_class in CALLERS_FAULTS:
            self.gave_up(stamp)
            return
        self.failures += 1
        told = error_class == "rate_limit" and retry_after_s is not None and retry_after_s > 0
        if stamp & _PROBE or told or self.failures >= self.settings.failures:
            self.opened_by = error_class
            pause = self._next_cooldown()
            if told and retry_after_s is not None:
                pause = min(retry_after_s, MOST_RETRY_AFTER_S)
            self._move(now + pause)

    def gave_up(self, stamp: int) -> None:
        """The try shows neither that the target works nor that it does not."""
        if stamp & _PROBE and stamp & -_STEP == self.stamp:
            self._probing = False

    def _next_cooldown(self) -> float:
        least, most = self.settings.cooldown_s, self.settings.most_cooldown_s
        self._cooldown_s = min(self._cooldown_s * 2 or least, max(least, most))
        return self._cooldown_s * (1 + _JITTER * self._draw())

    def _move(self, until: float) -> None:
        self.open_until = until
        self._probing = False
        self.stamp += _STEP
        self._on_change()


def strictest(settings: Iterable[Breaker]) -> Breaker:
    """What holds for a target that several routes name: it is one server, so it has one breaker, the most careful one."""
    every = list(settings)
    if not every:
        return Breaker()
    return Breaker(
        failures=min(each.failures for each in every),
        cooldown_s=max(each.cooldown_s for each in every),
        most_cooldown_s=max(each.most_cooldown_s for each in every),
    )
