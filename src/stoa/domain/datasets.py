"""Datasets: examples of conversations that a team keeps, in versions, to evaluate and train with.

Every change makes a new version. An example is there from the version `since` on and until `until`; a changed one ends and
begins anew, so that each version can be read as it was. What an example says is sealed with a key of whose it is: with the
key of the person or application that asked, where it came from a request, so that what erases theirs erases this too.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

Message = dict[str, Any]  # Any: a message as JSON, in chat's form
Source = Literal["request", "import", "given"]
ChangeKind = Literal["added", "imported", "changed", "removed"]
State = Literal["readable", "erased", "expired"]

MOST_ITEMS = 100_000
"""Examples of one version."""
MOST_BYTES = 1024 * 1024
"""Of one example as JSON."""


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """`items` are those of the version that is current."""

    id: str
    name: str
    team: str
    description: str
    version: int
    items: int
    created_by: str
    created_at: int
    changed_at: int


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Who made what of it: `changed` examples were added, changed or removed, and `items` were there then."""

    version: int
    change: ChangeKind
    changed: int
    items: int
    by: str
    at: int


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an example says: what was asked, the answer as it was given, the one to be wished for, and notes for people."""

    messages: list[Message]
    tools: list[Message] | None = None
    parallel_tool_calls: bool | None = None
    answer: Message | None = None
    expected: Message | None = None
    notes: str = ""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where an example came from. Of a request: which, of which team's, whose model answered, decided by which snapshot."""

    source: Source
    request: str | None = None
    model: str | None = None
    snapshot: int | None = None
    asked_at: int | None = None
    masked: bool = False


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One state of an example. Without `sealed` or `key` nobody reads it any more; `expires_at` None is never."""

    id: str
    since: int
    until: int | None
    origin: Origin
    key_id: str
    expires_at: int | None
    has_expected: bool
    by: str
    at: int
    sealed: bytes | None
    key: str | None = None


class ItemQuery(NamedTuple):
    """Which examples of a version: `after` is the id that the page before ended with."""

    version: int
    after: str | None = None
    request: str | None = None
    model: str | None = None
    expected: bool | None = None


class ItemSeal(Protocol):
    """Seals what examples say, each with its subject's key, which is itself sealed with the home's master key."""

    def new_key(self) -> str:
        """A fresh key, sealed."""
        ...

    def seal_item(self, key: str, item_id: str, plain: bytes) -> bytes: ...

    def open_item(self, key: str, item_id: str, sealed: bytes) -> bytes:
        """Raises OperatorError where the key does not fit."""
        ...


class DatasetStore(Protocol):
    """Datasets in one transaction."""

    async def all(self, *, after: str | None = None) -> Sequence[Dataset]:
        """By name."""
        ...

    async def find(self, name: str) -> Dataset | None: ...

    async def add(self, new: Dataset) -> bool:
        """False when the name is taken."""
        ...

    async def describe(self, dataset_id: str, description: str) -> None: ...

    async def remove(self, dataset_id: str) -> None:
        """With every version of every example."""
        ...

    async def locked(self, dataset_id: str) -> Dataset | None:
        """As it is now, and nobody else changes it until the transaction ends."""
        ...

    async def record(self, dataset_id: str, version: Version) -> None:
        """This version is current from now on."""
        ...

    async def versions(self, dataset_id: str, *, before: int | None, limit: int) -> Sequence[Version]:
        """The newest first."""
        ...

    async def insert(self, dataset: Dataset, items: Sequence[Item]) -> None: ...

    async def end(self, dataset_id: str, item_ids: Sequence[str], *, version: int) -> int:
        """From this version on they are not there. Returns how many were."""
        ...

    async def blank(self, dataset_id: str, item_ids: Sequence[str]) -> None:
        """Nobody reads them any more, in no version."""
        ...

    async def items(self, dataset_id: str, query: ItemQuery, *, limit: int) -> Sequence[Item]:
        """In the order in which they were added."""
        ...

    async def item(self, dataset_id: str, item_id: str, *, version: int) -> Item | None: ...

    async def requests(self, dataset_id: str, wanted: Sequence[str], *, version: int) -> Mapping[str, str]:
        """Which of these requests are in it: the examples' ids by the requests'."""
        ...

    async def copies(self, subject: str) -> int:
        """How many examples are sealed with the key of a subject, and go with it."""
        ...
