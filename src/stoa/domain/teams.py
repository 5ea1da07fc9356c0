"""Teams, who pay, and groups, who may read."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

TeamField = Literal["monthly_budget", "content_days"]
"""What of a team can be changed."""


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """`monthly_budget` is nano-dollars in a calendar month, UTC; None is no limit.

    `content_days` is how long what was asked and answered is kept; None is not at all.
    """

    name: str
    monthly_budget: int | None = None
    content_days: int | None = None
    created_at_ms: int


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """`groups` are those within it: whoever is in one of them is in this one too."""

    name: str
    groups: tuple[str, ...] = ()
    created_at_ms: int


class TeamStore(Protocol):
    """The teams of one transaction."""

    async def all(self) -> Sequence[Team]: ...

    async def save(self, team: Team) -> None: ...


class GroupStore(Protocol):
    """The groups of one transaction."""

    async def all(self) -> Sequence[Group]: ...

    async def nested(self) -> Sequence[Group]:
        """Those that hold others."""
        ...

    async def save(self, group: Group) -> None:
        """Add, or replace what is there under the name."""
        ...
