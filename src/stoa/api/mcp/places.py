"""How many streams and questions are held open: so many by one key or person, and so many in all.

Each holds a connection of its client's and one of the gateway's to control, which the page and all else need as well.
"""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from stoa.errors import LimitReached


@dataclass(slots=True)
class Places:
    """`what` is what they are, for people to read."""

    what: str
    most: int
    of_one: int
    _held: Counter[str] = field(default_factory=Counter[str])

    @property
    def held(self) -> int:
        return self._held.total()

    @contextmanager
    def one(self, principal: str) -> Generator[None]:
        """Raises LimitReached."""
        if self._held[principal] >= self.of_one:
            raise LimitReached(f"{self.of_one} {self.what} are yours already, which is the most of one key or person.")
        if self.held >= self.most:
            raise LimitReached(f"{self.most} {self.what} are open, which is the most here; try again later.")
        self._held[principal] += 1
        try:
            yield
        finally:
            self._held[principal] -= 1
            if not self._held[principal]:
                del self._held[principal]
