"""The stores of control over one transaction."""

from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.desired import ResourceTable
from stoa.adapters.database.keys import KeyTable
from stoa.adapters.database.prices import PriceTable
from stoa.adapters.database.resource_versions import ResourceVersionTable
from stoa.adapters.database.revision import RevisionTable
from stoa.adapters.database.sessions import SessionTable
from stoa.adapters.database.teams import GroupTable, TeamTable
from stoa.adapters.database.users import UserTable


class DatabaseStores:
    """Stores over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.users = UserTable(connection)
        self.teams = TeamTable(connection)
        self.groups = GroupTable(connection)
        self.keys = KeyTable(connection)
        self.sessions = SessionTable(connection)
        self.resources = ResourceTable(connection)
        self.versions = ResourceVersionTable(connection)
        self.prices = PriceTable(connection)
        self.revision = RevisionTable(connection)
