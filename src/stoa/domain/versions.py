"""Versions of resources: each saved change of one, by whom and when, and what the resource was from then on."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

Fields = Mapping[str, Any]  # Any: the fields of one of several kinds, in the form of `domain/resources.py`

VersionChange = Literal["created", "changed", "restored", "deleted"]


class ResourceVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`spec` is the resource as shown: a secret is a mask, and no older value of it is kept anywhere.

    It is None where the resource was deleted, and where what the version said was forgotten. `fields` are the paths of what
    differs from the version before, secrets among them. `by` is the id of a user or a key, never a name.
    """

    kind: str
    name: str
    version: int
    change: VersionChange
    fields: tuple[str, ...]
    spec: Fields | None
    restored: int | None = None
    """The version that it was taken from."""
    at_ms: int
    by: str

    @property
    def forgotten(self) -> bool:
        return self.spec is None and self.change != "deleted"


class VersionStore(Protocol):
    """The versions of one transaction. Whoever adds one has advanced the revision before, so nobody else adds meanwhile."""

    async def add(self, version: ResourceVersion) -> None: ...

    async def last(self, kind: str, name: str) -> ResourceVersion | None: ...

    async def get(self, kind: str, name: str, version: int) -> ResourceVersion | None: ...

    async def page(self, kind: str, name: str, *, before: int | None, limit: int) -> Sequence[ResourceVersion]:
        """The newest first, those below the number `before`."""
        ...

    async def between(self, kind: str, name: str, *, after: int, until: int) -> Sequence[ResourceVersion]:
        """Those above `after` up to `until`, the oldest first."""
        ...

    async def forget(self, kind: str, name: str, version: int) -> None:
        """Take away what it said; that there was one, when and by whom stays."""
        ...
