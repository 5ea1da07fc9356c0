"""What a dialect has to know of streams that pass untouched: where content begins, what is usage, an error, the end.

Nothing here keeps a state. Whoever relays the stream holds its bytes and hands over what is needed.
"""

from typing import NamedTuple, Protocol

from stoa.dialects.answer import Failed, TokenUsage


class Seen(NamedTuple):
    """What one event says of its stream."""

    content: bool = False
    """From here on there is an answer: text, thinking, a call, or the reason why it finished."""
    usage: TokenUsage | None = None
    only_usage: bool = False
    """The event says nothing else, and clients that did not ask for usage do not expect it."""
    failed: Failed | None = None
    ended: bool = False
    """It is the terminal marker."""


class Passing(Protocol):
    """One dialect. Events are bytes as `event_lines.WholeEvents` cuts them."""

    def matters(self, events: bytes) -> bool:
        """Whether more than content may be in these events. Text may look so by chance; what matters never goes unseen."""
        ...

    def look(self, event: bytes) -> Seen:
        """Raises ValueError for data that is not of the dialect."""
        ...

    def characters(self, events: bytes) -> int:
        """How many characters of content are in them; what is not of the dialect has none."""
        ...

    def whole(self, events: bytes) -> bytes | None:
        """The whole answer that a finished stream amounts to; None when something of it would be lost, such as a call."""
        ...

    def end(self, last: bytes, stoa: object) -> bytes:
        """The terminal event, with Stoa's own object unless it is None. `last` is the event as it came."""
        ...

    def fail(self, status: int, code: str, message: str, *, first: bytes, latest: bytes) -> bytes:
        """An error, and no marker of success. `first` and `latest` are what was passed on at first and last."""
        ...
