"""Counting together: what a request claims of limits and budgets before it is asked, and what is settled after it.

One claim covers everything that applies to a request, all or nothing. Where all is counted within reach (one process, a
mapped file, a lease of a server's count) the outcome is there at once; else it is told later, within the counter's patience.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from stoa.domain.metrics import Sheet

Unit = Literal["requests", "tokens", "parallel", "nano_usd"]


class Meter(msgspec.Struct, frozen=True, gc=False):
    """One thing that is counted for one subject, such as the requests of one key in any sixty seconds."""

    id: str
    """The same in every worker and replica, and for as long as the limit has its name."""
    unit: Unit
    most: int
    """A claim is refused when what is used, claims under way included, would pass it (requests, tokens, parallel), or has
    reached it already (money: a budget is passed by no more than what is under way)."""
    sliding: bool = False
    """Any sixty seconds, instead of a window that begins and ends."""
    open_share: float = 0.0
    """When nobody can be asked how much is used: this share of `most` may be used here meanwhile. 0 is closed."""


class Claim(NamedTuple):
    """What one request claims of one meter. Times are UTC milliseconds; both are 0 where there is no window that ends."""

    meter: Meter
    amount: int
    starts_ms: int = 0
    ends_ms: int = 0
    floor: int = 0
    """What is known to be used in this window by whoever asks, from the ledger and its own log: the count is never lower."""


class Refused(NamedTuple):
    """Which claim did not fit. `used` is as of `as_of_ms`; the next may fit after `retry_after_s`."""

    claim: Claim
    used: int
    as_of_ms: int
    retry_after_s: float
    lost: bool = False
    """The count could not be reached, and the meter is closed meanwhile."""


class Held(Protocol):
    """A claim that was granted."""

    def settle(self, amounts: Sequence[int | None]) -> None:
        """What each claim came to, in their order: replaces what was claimed. None leaves it as claimed (requests).

        Of any sixty seconds, what came on top counts now, and what was too much is taken away where it was claimed.
        Whatever was parallel is given back. Called once. Of a holder that dies what was parallel is given back, and its money
        and tokens stay counted as claimed until the window ends or the ledger tells better.
        """
        ...


Outcome = Held | Refused


class Counter(Protocol):
    """Counts for everybody it is shared with. All calls on the event loop's thread; none blocks."""

    patience_s: float
    """The longest that `told` lets wait; 0.05 at most."""

    def claim(self, claims: Sequence[Claim], now_ms: int, told: Callable[[Outcome], None]) -> Outcome | None:
        """All of it or nothing. None: `told` is called later, once, whatever happens to whoever does the counting."""
        ...

    def used(self, claim: Claim, now_ms: int) -> tuple[int, int]:
        """How much is used of a claim's meter in its window, as far as it is known here, and as of when (UTC ms)."""
        ...


class SharedCounter(Counter, Protocol):
    """One that counts for several processes, and can be lost to this one."""

    @property
    def kind(self) -> Literal["file", "redis"]: ...

    @property
    def lost(self) -> bool:
        """Whether nobody can be asked at present: each meter is open or closed meanwhile, as it says."""
        ...

    def show(self, sheet: Sheet) -> None:
        """Add its numbers."""
        ...
