"""The port of what watches an answer's stream."""

from typing import Protocol

from stoa.domain.operations import ErrorClass
from stoa.gateway.event_data import ErrorBody
from stoa.gateway.usage import Usage


class Watcher(Protocol):
    """One answer's stream. After `done` or `error` nothing more is passed on."""

    @property
    def content(self) -> bool:
        """Whether some has come: from here on this target answers."""
        ...

    @property
    def done(self) -> bool:
        """Whether the terminal marker has come. It is kept back for `end`."""
        ...

    @property
    def error(self) -> ErrorBody | None: ...

    @property
    def error_class(self) -> ErrorClass | None:
        """Of the error, where the dialect tells."""
        ...

    @property
    def usage(self) -> Usage | None: ...

    def feed(self, data: bytes) -> bytes:
        """What the client is to get now. Raises ValueError for bytes that are not of the dialect."""
        ...

    def closed(self) -> bool:
        """The upstream has ended its answer: whether it is whole."""
        ...

    def count_characters(self) -> int:
        """How many characters of content were passed on."""
        ...

    def text(self) -> str | None:
        """The text of the answer so far; None when it was too large to keep."""
        ...

    def whole(self) -> bytes | None:
        """The whole answer, in the client's form, that a stream which is `done` amounts to.

        None when it was too large to keep, or something of it would be lost, such as a tool call.
        """
        ...

    def end(self, stoa: object) -> bytes:
        """The last bytes, with Stoa's own object unless it is None."""
        ...

    def fail(self, status: int, code: str, message: str) -> bytes:
        """What ends a stream that cannot be finished: an error, and no marker of success."""
        ...
