"""Stage 2, admission: is there room for this request in the key's minute and in the team's month?"""

from collections.abc import Callable
from time import monotonic

from stoa.domain.limits import Window
from stoa.errors import LimitReached, OperatorError
from stoa.gateway.ask import Ask
from stoa.gateway.budget import Budgets
from stoa.gateway.plan import Client, Offering
from stoa.gateway.rate import new_window
from stoa.gateway.usage import CHARACTERS_PER_TOKEN


class Admission:
    """`now_ms` tells UTC milliseconds; `window_of` makes the window of a key, by its id."""

    def __init__(self, budgets: Budgets, *, now_ms: Callable[[], int], window_of: Callable[[str], Window] = new_window) -> None:
        self._budgets = budgets
        self._now_ms = now_ms
        self._window_of = window_of
        self._windows: dict[str, Window] = {}
        self._closed: OperatorError | None = None
        self._closed_until = 0.0
        self.release: Callable[[str, int], None] = budgets.release
        """Of a team's reservation: its cost is known, or there is none."""

    def admit(self, client: Client, offering: Offering, ask: Ask, body_bytes: int, now: float) -> int:
        """Count the request in and set its estimated cost aside, in nano-dollars. Raises LimitReached, or OperatorError.

        `now` is of a clock that never goes back, in seconds.
        """
        if self._closed is not None:
            self._look_again()
        caller = client.caller
        limit = caller.requests_per_minute
        if limit is not None:
            window = self._windows.get(caller.id)
            if window is None:
                window = self._windows[caller.id] = self._window_of(caller.id)
            if not window.take(limit, int(now)):
                wait = window.wait_s(limit)
                made = f"{caller.name!r} may make {limit} requests a minute and has made {window.total}."
                raise LimitReached(f"{made} The next is taken in {wait} s.", retry_after_s=wait)
        if client.budget is None:
            return 0
        price, estimate = offering.ceiling, 0
        if price is not None:
            estimate = int(body_bytes * price.input / CHARACTERS_PER_TOKEN + ask.output_tokens * price.output) + 1
        self._budgets.reserve(caller.team, estimate, limit=client.budget, now_ms=self._now_ms())
        return estimate

    def close(self, error: OperatorError) -> None:
        """The usage log cannot be written: for a moment refuse at once, before a model is paid for an answer nobody gets."""
        self._closed = error
        self._closed_until = monotonic() + 1.0

    def _look_again(self) -> None:
        if monotonic() >= self._closed_until:
            self._closed = None
        elif self._closed is not None:
            raise self._closed
