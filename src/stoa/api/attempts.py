"""Failed sign-ins: a client that fails too often is told to wait.

A token has 256 random bits and cannot be guessed, so a good one is taken at any time: nobody can keep others out by failing.
"""

from collections import OrderedDict

from stoa.errors import LimitReached

LIMIT = 10
WINDOW_MS = 60_000
_CLIENTS = 10_000


class Attempts:
    """Counts failures by client within a minute, for the clients seen last."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, list[int]] = OrderedDict()

    def failed(self, client: str, *, now_ms: int) -> None:
        """Note a failure. Raises LimitReached when there were too many before."""
        recent = [at for at in self._failures.pop(client, []) if at > now_ms - WINDOW_MS]
        self._failures[client] = recent
        if len(self._failures) > _CLIENTS:
            self._failures.popitem(last=False)
        if len(recent) < LIMIT:
            recent.append(now_ms)
            return
        wait_s = (recent[0] + WINDOW_MS - now_ms) / 1000
        raise LimitReached(
            f"There were {len(recent)} failed sign-ins within a minute. Try again in {wait_s:.0f} s.", retry_after_s=wait_s
        )
