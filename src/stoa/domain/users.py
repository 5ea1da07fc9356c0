"""People: who they are, which team pays for them, which groups and roles they have."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from stoa.domain.identity import PUBLIC, AccessTag, Role, group_tag, team_tag, user_tag
from stoa.domain.nesting import Nesting, with_holders


class User(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is what one signs in as. A disabled user keeps everything and can do nothing."""

    id: str
    name: str
    display_name: str
    team: str
    groups: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    created_at_ms: int
    disabled_at_ms: int | None = None

    def tags(self, nesting: Nesting) -> frozenset[AccessTag]:
        """The access tags that this person holds."""
        return access_tags(self.team, self.groups, nesting) | {user_tag(self.name)}


def access_tags(team: str, groups: Sequence[str], nesting: Nesting) -> frozenset[AccessTag]:
    """The tags that members of a team and of these groups hold, and of the groups that hold those."""
    return frozenset({PUBLIC, team_tag(team), *(group_tag(group) for group in with_holders(groups, nesting))})


class UserStore(Protocol):
    """The users of one transaction."""

    async def find(self, name: str) -> User | None: ...

    async def get(self, user_id: str) -> User | None: ...

    async def page(self, *, after: str | None, limit: int | None) -> Sequence[User]:
        """By name, behind `after`; all of them without a limit."""
        ...

    async def save(self, user: User) -> None:
        """Add, or replace what is there under the id. Raises Conflict when another user has the name."""
        ...
