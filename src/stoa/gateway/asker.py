"""A request, as its tries see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from stoa.dialects.conversation import Conversation
from stoa.domain.operations import Lane
from stoa.gateway.ask import Ask
from stoa.gateway.faults import Fault
from stoa.gateway.plan import Target
from stoa.gateway.routing.lanes import Ticket
from stoa.gateway.routing.rank import Wish
from stoa.gateway.surface import Surface
from stoa.gateway.usage import Usage
from stoa.gateway.watcher import Watcher

if TYPE_CHECKING:
    from stoa.gateway.attempt import Attempt


class Asker(Protocol):
    """Told by its tries what comes of them: one of `answered`, `streamed_whole`, `broke_off`, `gave_up` is the last."""

    place: Ticket
    """Of the try that ends it, told before its end is."""

    @property
    def surface(self) -> Surface: ...

    @property
    def ask(self) -> Ask: ...

    @property
    def streamed(self) -> bool: ...

    @property
    def lane(self) -> Lane: ...

    @property
    def tokens(self) -> int:
        """How many it is taken to need."""
        ...

    @property
    def shadow(self) -> bool:
        """Whether it is a copy whose answer nobody sees."""
        ...

    @property
    def lines(self) -> bytes:
        """Header lines that go to the upstream with it."""
        ...

    def wish(self) -> Wish: ...

    def conversation(self) -> Conversation: ...

    def new_stream(self, attempt: Attempt, *, events: bool) -> Watcher | None: ...

    def commit(self, attempt: Attempt, events: bytes) -> Callable[[bytes], None]:
        """The first content is there: from here on this target answers. Returns what takes the events that follow."""
        ...

    def answered(self, attempt: Attempt, body: bytes) -> int:
        """A whole answer. Returns its tokens. Raises ValueError."""
        ...

    def is_no_answer(self, attempt: Attempt, body: bytes) -> bool:
        """Whether a small model's whole answer calls for a larger one. Raises ValueError."""
        ...

    def paid(self, target: Target, usage: Usage | None) -> None:
        """A part of what a try asked for was answered, and costs all the same though the rest failed."""
        ...

    def discard(self, attempt: Attempt, body: bytes) -> None:
        """A whole answer is paid for and not used. Raises ValueError."""
        ...

    def streamed_whole(self, attempt: Attempt) -> None: ...

    def broke_off(self, attempt: Attempt, fault: Fault) -> None: ...

    def gave_up(self, fault: Fault, target: Target | None) -> None:
        """Nothing is left to try; the target is the one that failed last."""
        ...

    def asked_first(self, target: Target) -> None:
        """That this target was asked first, told when it does not, or not alone, answer."""
        ...
