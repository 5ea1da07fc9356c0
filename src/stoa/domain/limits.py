"""What limits are counted in: a window for each key, and each team's spend as all gateway workers of a machine know it."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Window(Protocol):
    """How many requests one key made within the last minute. Refused requests do not count."""

    @property
    def total(self) -> int:
        """As of the last refusal, or later."""
        ...

    def take(self, limit: int, second: int) -> bool:
        """Count a request in, unless `limit` of them were made within a minute before it; `second` of the monotonic clock."""
        ...

    def wait_s(self, limit: int) -> int:
        """Seconds until the next request will be taken, after a refusal."""
        ...


class Spent(NamedTuple):
    """One team's money in one month, nano-dollars: what control told, and what it cannot know yet."""

    told: int
    own: int


class Spending(Protocol):
    """What each worker of this machine knows of the teams' spend. Each tells of itself alone."""

    def begin(self, month: int, spent: Mapping[str, Spent]) -> None:
        """From now on this worker speaks of this month; what it told before is replaced whole."""
        ...

    def tell(self, team: str, spent: Spent) -> None: ...

    def others(self, team: str) -> Spent:
        """Of the other workers, as far as they speak of the same month: the highest sum that was told, and all that is own."""
        ...


class SharedLimits(Protocol):
    """Counted together by the gateway workers of one machine."""

    @property
    def spending(self) -> Spending: ...

    def window(self, key: str) -> Window:
        """The window of the key with this id, the same one in every worker."""
        ...
