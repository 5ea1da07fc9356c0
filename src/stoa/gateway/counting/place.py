"""A place at a model that has limits of its own: claimed for one try, and settled when that is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from stoa.domain.counting import Claim, Held, Outcome, Refused
from stoa.errors import LimitReached
from stoa.gateway.counting.book import Rules
from stoa.gateway.routing.lanes import Ticket

if TYPE_CHECKING:
    from stoa.gateway.admission import Admission


class Place(Ticket):
    """A ticket, and what the try has claimed of the model's limits. A try of which nothing came gives its tokens back."""

    __slots__ = ("_claims", "_held", "_ticket", "_tokens")

    def __init__(self, ticket: Ticket, held: Held, claims: Sequence[Claim]) -> None:
        super().__init__(None, ticket.batch, None)
        self.running = True
        self._ticket = ticket
        self._held = held
        self._claims = claims
        self._tokens = 0

    def used(self, tokens: int) -> None:
        self._tokens = tokens

    def release(self) -> None:
        """How many tokens came of it is known only after this, in the same turn of the event loop."""
        if not self.done:
            self.done = True
            self._ticket.release()
            asyncio.get_running_loop().call_soon(self._settle)

    def _settle(self) -> None:
        from stoa.gateway.admission import settled  # late: it knows the rules that this is for

        self._held.settle(settled(self._claims, self._tokens, None))


def take_place(
    admission: Admission, rules: Rules, ticket: Ticket, tokens: int, late: Callable[[Ticket | LimitReached], None]
) -> Ticket | LimitReached | None:
    """The ticket with what `rules` want, or why they do not let it; the ticket is released then. None: `late` is told it."""

    def place_of(outcome: Outcome) -> Ticket | LimitReached:
        if not isinstance(outcome, Refused):
            return Place(ticket, outcome, claims)
        ticket.release()
        return admission.refused(rules, claims, outcome)

    claims = admission.claims(rules, tokens)
    outcome = admission.claim(claims, lambda told: late(place_of(told)))
    return None if outcome is None else place_of(outcome)
