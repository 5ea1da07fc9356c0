"""Keys: credentials of applications. Only the SHA-256 is kept, so a key is shown once, when it is made."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from stoa.domain.identity import AccessTag, Role, made_by
from stoa.domain.nesting import Nesting
from stoa.domain.users import User, access_tags

KeyKind = Literal["inference", "management"]

INFERENCE_PREFIX = "sk-stoa-"
MANAGEMENT_PREFIX = "sk-stoa-mgmt-"
DEFAULT_PERIOD = "month UTC"
"""Of a key's budget."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """An inference key calls `/v1` for a team; a management key acts on `/api` with one role.

    `requests_per_minute` None is the default limit, 0 is none; of the others None is none. `budget` is nano-dollars in each
    `budget_period`, such as `day Europe/Berlin`. `project` is the tag of requests that name none.
    """

    id: str
    name: str
    kind: KeyKind
    digest: str
    hint: str
    team: str
    role: Role | None = None
    groups: tuple[str, ...] = ()
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    parallel: int | None = None
    budget: int | None = None
    budget_period: str | None = None
    project: str | None = None
    created_by: str
    created_at_ms: int
    expires_at_ms: int | None = None
    revoked_at_ms: int | None = None

    def tags(self, nesting: Nesting, maker: User | None) -> frozenset[AccessTag]:
        """The access tags that it holds; `maker` is the person who made it, None where none did."""
        own = access_tags(self.team, self.groups, nesting)
        return own | made_by(maker.tags(nesting)) if maker is not None else own

    def usable(self, now_ms: int) -> bool:
        return self.revoked_at_ms is None and (self.expires_at_ms is None or now_ms < self.expires_at_ms)


class KeyStore(Protocol):
    """The keys of one transaction."""

    async def by_digest(self, digest: str) -> Key | None: ...

    async def find(self, name_or_id: str) -> Key | None:
        """By id, or by name among the keys that are not revoked."""
        ...

    async def page(self, *, after: str | None, limit: int | None) -> Sequence[Key]:
        """By id, which is the order in which they were made; all of them without a limit."""
        ...

    async def save(self, key: Key) -> None:
        """Add, or replace what is there under the id. Raises Conflict when another key in use has the name."""
        ...
