"""Where desired state is kept, and the number that grows with each change of it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from stoa.domain.indexes import Served
from stoa.domain.resources import Resource


class ResourceStore(Protocol):
    """The resources of one transaction, secrets sealed."""

    async def all(self) -> Sequence[Resource]: ...

    async def save(self, resource: Resource, *, now_ms: int, by: str) -> None: ...

    async def remove(self, kind: str, name: str) -> None: ...

    async def documents(self, collection: str) -> int:
        """How many documents the collection still has."""
        ...


class RevisionStore(Protocol):
    """The revision of one transaction: what a snapshot's version is."""

    async def advance(self, *, now_ms: int) -> int:
        """Let it grow; until this transaction ends, nobody else's can. So changes that begin with it happen one by one."""
        ...

    async def current(self) -> int: ...

    async def corpus(self) -> Mapping[str, int]:
        """The index version of each collection that has one."""
        ...

    async def indexes(self) -> Mapping[str, Served]:
        """By collection the index that is searched, by collection@version every one that could be."""
        ...

    async def personal(self) -> frozenset[str]:
        """Collections of which some document names, or has named, single people in its rights."""
        ...


class Sealer(Protocol):
    """Seals and opens secrets at rest."""

    def seal(self, text: str) -> str: ...

    def open(self, sealed: str) -> str: ...
