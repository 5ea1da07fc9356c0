"""What the supervisor tells whoever started it."""

import signal
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Started:
    role: str
    pid: int
    restarts: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """The start takes long; `reasons` by role that is not ready."""

    reasons: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Crashed:
    """A role ended by itself, with an exit code or minus a signal; it is started again after `delay`."""

    role: str
    code: int
    delay: timedelta


@dataclass(frozen=True, slots=True)
class Stopping:
    """A signal came; `hastily` at the second one."""

    hastily: bool


Event = Started | Waiting | Crashed | Stopping


def how_it_ended(code: int) -> str:
    """`exit code 3` or `killed by SIGKILL`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
