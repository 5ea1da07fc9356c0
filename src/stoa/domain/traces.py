"""Finding requests again: what one looks for, and the store that knows every request's fact and its decision record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from stoa.domain.usage import UsageFact

TraceStatus = Literal["ok", "error", "refused"]
"""An answer came whole; it did not; or no model was asked at all."""


class Place(NamedTuple):
    """Where a page of a list ended."""

    at_ms: int
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceQuery:
    """Requests from `from_ms` up to but not including `to_ms`; of one user and of the keys that user made, or of all (None).

    `key` is a key's id or name, `model` what was asked for or what answered; `text` is the beginning of an id, or stands
    somewhere in the name asked for, the model, the provider or the error.
    """

    from_ms: int
    to_ms: int
    user_id: str | None = None
    status: TraceStatus | None = None
    model: str | None = None
    key: str | None = None
    team: str | None = None
    least_ms: float | None = None
    text: str | None = None
    caused: bool = False
    """Whether also what other requests caused is meant: questions that were embedded, and copies for a shadow."""


class Trace(NamedTuple):
    """One request: its fact, its decision record where there is one, and the facts that it caused."""

    fact: UsageFact
    record: bytes | None
    caused: Sequence[UsageFact] = ()


class TraceStore(Protocol):
    """The requests of one transaction."""

    async def page(self, query: TraceQuery, *, after: Place | None, limit: int) -> Sequence[UsageFact]:
        """The newest first; facts without their records."""
        ...

    async def records(self, query: TraceQuery, *, after: Place | None, limit: int) -> Sequence[Trace]:
        """The oldest first, with their records."""
        ...

    async def find(self, name: str, *, user_id: str | None, team: str | None = None) -> Trace | None:
        """By the fact's id, else the newest with this request id, among those of a user, of a team or of all.

        None where there is none among these.
        """
        ...
