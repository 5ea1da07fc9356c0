"""The port to whoever keeps traces: spans of work, each with a parent, that are told of when they end.

Off means that there is no tracer at all. Spans never hold content: names, numbers, outcomes.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

Kind = Literal["server", "client", "internal"]
Value = str | bool | int | float | Sequence[str]
Attributes = Mapping[str, Value]


class Span(Protocol):
    """One piece of work, from its making to its `end`."""

    def child(self, name: str, kind: Kind, attributes: Attributes) -> "Span":
        """A piece of this work, which begins now."""
        ...

    def lines(self) -> bytes:
        """Header lines, each ended by CRLF, with which a server that is asked goes on with this trace."""
        ...

    def end(self, attributes: Attributes, *, failed: str | None = None, at_ns: int | None = None) -> None:
        """Once. `failed` is a short word for what went wrong; `at_ns` is unix nanoseconds, now if left out."""
        ...


class Tracer(Protocol):
    """Decides which requests are traced, once for each."""

    def begin(self, headers: Mapping[bytes, bytes], path: str) -> Span | None:
        """The span of a request that has come, None when it is not traced. Headers are as the client sent them."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Spans since the start: `sent`, and those that were dropped: `full` (no room to wait), `refused` (not taken)."""
        ...

    def close(self) -> None:
        """Send what waits, as far as that is done within two seconds. Blocks."""
        ...
