"""Teams, who pay, and groups, who may read."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """`monthly_budget` is nano-dollars in a calendar month, UTC; None is no limit."""

    name: str
    monthly_budget: int | None = None
    created_at_ms: int


class Group(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    created_at_ms: int


class TeamStore(Protocol):
    """The teams of one transaction."""

    async def all(self) -> Sequence[Team]: ...

    async def save(self, team: Team) -> None: ...


class GroupStore(Protocol):
    """The groups of one transaction."""

    async def all(self) -> Sequence[Group]: ...

    async def save(self, group: Group) -> None: ...
