"""Documents and jobs over one transaction."""

from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.documents import DocumentTable
from stoa.adapters.database.jobs import JobTable


class DatabaseLibrary:
    """Library over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.documents = DocumentTable(connection)
        self.jobs = JobTable(connection)
