"""A place at a model that has limits of its own: held for one try, and settled when that is over."""

import asyncio
from collections.abc import Callable, Sequence

from stoa.domain.counting import Claim, Held
from stoa.gateway.routing.lanes import Ticket


class Place(Ticket):
    """A ticket, and what the try has claimed of the model's limits. A try of which nothing came gives its tokens back."""

    __slots__ = ("_claims", "_held", "_settled", "_ticket", "_tokens")

    def __init__(
        self,
        ticket: Ticket,
        held: Held,
        claims: Sequence[Claim],
        settled: Callable[[Sequence[Claim], int | None, int | None], list[int | None]],
    ) -> None:
        super().__init__(None, ticket.batch, None)
        self.running = True
        self._ticket = ticket
        self._held = held
        self._claims = claims
        self._settled = settled
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
        self._held.settle(self._settled(self._claims, self._tokens, None))
