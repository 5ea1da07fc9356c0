"""Requests that begin otherwise than with what a client asks of a model; from there on they are like any other.

They stand here because `make compile` makes machine code of this module: nothing else may derive from what is compiled.
"""

from __future__ import annotations

from stoa.errors import NotFound
from stoa.gateway.drafted import begun
from stoa.gateway.inference import Inference
from stoa.gateway.key import is_of_a_role
from stoa.gateway.plan import Offering


class Deciding(Inference):
    """One turn of the model that says which queries it wants: whole, in no cache, under the team's budgets alone."""

    deciding: Offering

    def _run(self) -> None:
        self.ask = self.surface.read(self._body, b"application/json")
        self.streamed = False
        self.offering = self.deciding
        self._admit()


class Drafted(Inference):
    """`{"assistant": the resource, "request": a chat completion without its model}`."""

    def _run(self) -> None:
        if not is_of_a_role(self.exchange.headers):
            raise NotFound("There is nothing here for keys: assistants are tried in the page.")
        self.plan, self.client, self._body = begun(self.plan, self.client, self._body)
        super()._run()
