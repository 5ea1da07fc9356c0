"""All that control keeps, in one transaction, which whoever opened it ends."""

from typing import Protocol

from stoa.domain.desired import ResourceStore, RevisionStore
from stoa.domain.keys import KeyStore
from stoa.domain.prices import PriceStore
from stoa.domain.sessions import SessionStore
from stoa.domain.teams import GroupStore, TeamStore
from stoa.domain.users import UserStore
from stoa.domain.versions import VersionStore


class Stores(Protocol):
    """One store a noun, over one transaction."""

    @property
    def users(self) -> UserStore: ...

    @property
    def teams(self) -> TeamStore: ...

    @property
    def groups(self) -> GroupStore: ...

    @property
    def keys(self) -> KeyStore: ...

    @property
    def sessions(self) -> SessionStore: ...

    @property
    def resources(self) -> ResourceStore: ...

    @property
    def versions(self) -> VersionStore: ...

    @property
    def prices(self) -> PriceStore: ...

    @property
    def revision(self) -> RevisionStore: ...
