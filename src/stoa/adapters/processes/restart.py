"""When to start a crashed role again: soon at first, then ever later, with jitter so that roles do not march in step."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """The delay doubles from `first` to `longest`; a role that ran for `stable` starts over at `first`."""

    first: timedelta = timedelta(milliseconds=200)
    longest: timedelta = timedelta(seconds=30)
    stable: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Restart:
    """Start again after `delay`; `crashes` in a row so far, to be handed in at the next one."""

    delay: timedelta
    crashes: int


def after_crash(backoff: Backoff, *, crashes: int, ran: timedelta, jitter: float) -> Restart:
    """What to do about a role that ended by itself. `jitter` is random in 0..1 and takes off up to half of the delay."""
    before = 0 if ran >= backoff.stable else crashes
    delay = min(backoff.first * 2 ** min(before, 32), backoff.longest)
    return Restart(delay=delay * (1 - jitter / 2), crashes=before + 1)
