"""What was asked and answered: kept only where a team wants it, apart from usage, and sealed with a key of whose it is."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec


class Content(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one request. `subject` is whose it is: `user:<id>`, `key:<id>` or `team:<name>`; `id` is that of the usage fact."""

    id: str
    at_ms: int
    team: str
    subject: str
    days: int
    request: bytes
    answer: bytes | None
    cut: bool = False
    """Whether only the beginning is kept."""
    masked: bool = False
    """Whether a guardrail masked something in it."""


class Opened(msgspec.Struct, frozen=True, array_like=True):
    """What lies in a sealed content."""

    request: bytes
    answer: bytes | None
    cut: bool
    masked: bool


class ContentLog(Protocol):
    """Where the gateway puts contents until control has them. Best effort: nobody waits for it, and it has a bound."""

    @property
    def kept(self) -> int:
        """How many were taken so far."""
        ...

    @property
    def dropped(self) -> int:
        """How many found no room."""
        ...

    def keep(self, content: Content) -> None: ...


class ContentSpool(Protocol):
    """The other end of that log: batches of it, each a msgpack array of sealed contents."""

    def batches(self) -> Sequence[str]:
        """Names of those that are complete, oldest first."""
        ...

    def read(self, batch: str) -> bytes: ...

    def remove(self, batch: str) -> None:
        """Control has it."""
        ...


class TransitSeal(Protocol):
    """Seals contents between the gateway and control, on disk and on the way."""

    def wrap(self, content: Content) -> bytes: ...

    def unwrap(self, wrapped: bytes) -> Content:
        """Raises ValueError for what nobody here wrapped."""
        ...


class SubjectSeal(Protocol):
    """Seals contents where they stay, each with its subject's key, which is itself sealed with the home's master key."""

    def new_key(self) -> str:
        """A fresh key, sealed."""
        ...

    def seal(self, key: str, content: Content) -> bytes: ...

    def open(self, key: str, fact_id: str, sealed: bytes) -> Opened:
        """Raises OperatorError where the key does not fit."""
        ...


class SubjectKey(NamedTuple):
    id: str
    sealed: str


class Stored(NamedTuple):
    """A content as it lies in the database; without a key it was erased."""

    id: str
    expires_at_ms: int
    sealed: bytes
    key: str | None
    key_id: str


class ContentStore(Protocol):
    """The contents of one transaction."""

    async def keys_of(self, subjects: Sequence[str], new: Mapping[str, SubjectKey], *, now_ms: int) -> Mapping[str, SubjectKey]:
        """The keys that subjects have; one that has none gets its new one."""
        ...

    async def insert(self, found: Sequence[tuple[Content, str, bytes]]) -> None:
        """With the id of the key and the sealed content; those that are there stay."""
        ...

    async def find(self, fact_id: str, *, now_ms: int) -> Stored | None:
        """None where there is none, or it has expired."""
        ...

    async def found(self, fact_ids: Sequence[str], *, now_ms: int) -> Mapping[str, Stored]:
        """Those of several that are there and have not expired."""
        ...

    async def shorten(self, team: str, days: int | None, *, now_ms: int) -> None:
        """A team keeps contents for less long from now on, or not at all: so those go that there are, and their copies."""
        ...

    async def erase(self, subject: str) -> int:
        """Destroy a subject's key, so that nobody reads its contents any more. Returns how many keys there were."""
        ...
