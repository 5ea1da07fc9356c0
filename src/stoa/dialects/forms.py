"""What a dialect has to be able to do: as a client's, and as an upstream's. `table.py` says which there are."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from stoa.dialects.answer import Answer, Event
from stoa.dialects.conversation import Conversation
from stoa.domain.operations import ErrorClass
from stoa.domain.upstream import Facts


class UpstreamError(NamedTuple):
    """What an upstream's refusal says. `code` is the upstream's own word for it, if it has one."""

    error_class: ErrorClass
    message: str
    code: str | None = None
    param: str | None = None
    retry_after_s: float | None = None
    """When to come back, where the body says it."""


class AnswerFailed(ValueError):
    """An upstream's answer with a status of success that says that there is none: blocked, or broken off by an error."""

    def __init__(self, error: UpstreamError) -> None:
        super().__init__(error.message)
        self.error = error


class StreamWriter(Protocol):
    """Turns events into a client's stream. One for each answer; keeps what it needs to number and close what is open."""

    def write(self, events: Sequence[Event]) -> bytes:
        """The bytes for these events, empty when they say nothing in this dialect. Ended writes nothing: `end` does."""
        ...

    def end(self, stoa: object = None) -> bytes:
        """The last bytes, terminal marker included; `stoa` is Stoa's own object, None for none."""
        ...

    def fail(self, status: int, code: str, message: str) -> bytes:
        """The error event that ends a stream which cannot be finished; never a terminal marker of success."""
        ...


class StreamReader(Protocol):
    """Turns an upstream's bytes into events. One for each answer. Raises ValueError for bytes that are not its dialect."""

    def feed(self, data: bytes) -> list[Event]: ...


class Client(Protocol):
    """A dialect as clients speak it."""

    def read(self, body: bytes) -> Conversation:
        """Raises InvalidRequest that names the field."""
        ...

    def write_answer(self, answer: Answer, request: Conversation) -> bytes: ...

    def stream_writer(self, request: Conversation, *, answer_id: str, model: str, created_s: int) -> StreamWriter:
        """`answer_id`, `model` and `created_s` are used until the upstream's Started says better."""
        ...

    def refusal(self, status: int, code: str, message: str, param: str | None = None) -> bytes:
        """The body of an error."""
        ...


class Upstream(Protocol):
    """A dialect as upstreams speak it."""

    def write(self, request: Conversation, *, model: str, facts: Facts) -> bytes:
        """The body for `model`, the upstream's own name. Raises InvalidRequest naming each field that cannot be carried."""
        ...

    def read_answer(self, body: bytes, *, model: str) -> Answer:
        """Raises ValueError when the body is not this dialect, and AnswerFailed, which is one, when it tells of a failure."""
        ...

    def stream_reader(self, *, model: str) -> StreamReader: ...

    def read_error(self, status: int, body: bytes) -> UpstreamError: ...
