"""Failed sign-ins: a client that fails too often waits. Tokens cannot be guessed, so this only keeps the noise down."""

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
        failures = self._recent(client, now_ms)
        self._failures[client] = [*failures, now_ms]
        self._failures.move_to_end(client)
        if len(self._failures) > _CLIENTS:
            self._failures.popitem(last=False)

    def require(self, client: str, *, now_ms: int) -> None:
        """Raises LimitReached for a client with too many failures."""
        failures = self._recent(client, now_ms)
        if len(failures) >= LIMIT:
            wait_s = (failures[0] + WINDOW_MS - now_ms) / 1000
            raise LimitReached(
                f"There were {len(failures)} failed sign-ins within a minute. Try again in {wait_s:.0f} s.",
                retry_after_s=wait_s,
            )

    def _recent(self, client: str, now_ms: int) -> list[int]:
        return [at for at in self._failures.get(client, []) if at > now_ms - WINDOW_MS]
