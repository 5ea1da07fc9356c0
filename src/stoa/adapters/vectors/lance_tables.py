"""The tables of a LanceDB: opened once, made with all their indices, and put in place of what an earlier version made.

What LanceDB keeps in memory is bounded here. It keeps the manifest and the footers of every version that it ever opened or
wrote, 3 to 5 KB a document of an ingestion, and by its own defaults forgets none before there are 7 GB.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import lancedb
from lancedb.table import AsyncTable

from stoa.adapters.vectors.held import marked
from stoa.adapters.vectors.lance_indices import has_indices, make_indices
from stoa.adapters.vectors.lance_whole import Spool, is_current, is_readable
from stoa.adapters.vectors.rows import schema
from stoa.errors import SchemaError

VERSIONS_BYTES = 8_388_608
"""Most that is kept of versions; searching one of 50,000 rows needs an eighth of it."""

_PAGE = 1_000
"""Names of tables that are listed together."""

_OLD_FORM = (
    "The index of the collection {collection!r} was made by an earlier version, in another form. The worker of this version "
    "writes it anew at its start; where its log says that it could not, delete {folder!r} and send the documents again."
)


class LanceTables:
    """The tables under `uri`, one a collection; other processes may make and change them too.

    Of their indices up to `cache_bytes` stay in memory, and of their versions up to `versions_bytes`.
    """

    def __init__(self, uri: str, *, cache_bytes: int, versions_bytes: int = VERSIONS_BYTES) -> None:
        self._uri, self._cache_bytes, self._versions_bytes = uri, cache_bytes, versions_bytes
        self._database: lancedb.AsyncConnection | None = None
        self._tables: dict[str, AsyncTable] = {}
        self._opening = asyncio.Lock()
        self._session = self._new_session()

    @property
    def kept_bytes(self) -> int:
        """What LanceDB keeps of indices and versions, by its own account."""
        return self._session.size_bytes

    async def ready(self, collection: str) -> AsyncTable | None:
        """A table that can be searched and written; None where there is none yet.

        Raises SchemaError for one of another form.
        """
        if found := self._tables.get(collection):
            return found
        table = await self.as_it_is(collection)
        if table is None:
            return None
        if not await is_ready(table):
            if await _is_new(table):
                return None
            raise SchemaError(_OLD_FORM.format(collection=collection, folder=f"{self._uri}/{collection}.lance"))
        self._tables[collection] = table
        return table

    async def as_it_is(self, collection: str) -> AsyncTable | None:
        """In whatever form."""
        async with self._opening:
            database = await self._connection()
            try:
                return await database.open_table(collection)
            except ValueError:  # what LanceDB raises for a table that is not there
                return None

    async def make(self, collection: str, *, width: int) -> AsyncTable:
        """One that is ready, for vectors of `width` numbers."""
        async with self._opening:
            database = await self._connection()
            try:
                table = await database.create_table(collection, schema=marked(schema(width)))
            except ValueError:  # it is there: made by another process, or with rows and without indices
                table = await database.open_table(collection)
            if not await is_ready(table):
                await make_indices(table)
            self._tables[collection] = table
            return table

    async def renew(self, collection: str, spool: Spool) -> None:
        """A table of the form of now in the place of an old one; it is refused until its indices are there too."""
        database = await self._connection()
        self._tables.pop(collection, None)
        if spool.width:
            await spool.overwrite(database, collection)
            await self.make(collection, width=spool.width)
        else:
            await database.drop_table(collection)

    async def drop(self, collection: str) -> None:
        async with self._opening:
            self._tables.pop(collection, None)
            await (await self._connection()).drop_table(collection, ignore_missing=True)

    async def names(self) -> Sequence[str]:
        database, found, token = await self._connection(), list[str](), None
        while True:
            page = await database.list_tables(page_token=token, limit=_PAGE)
            found += page.tables
            if not (token := page.page_token):
                return sorted(found)

    async def outdated(self) -> Sequence[str]:
        """Those of an earlier version whose rows can still be read."""
        found = list[str]()
        for collection in await self.names():
            table = await self.as_it_is(collection)
            if table is None or await is_ready(table) or await _is_new(table):
                continue
            if is_readable(set((await table.schema()).names)):
                found.append(collection)
        return found

    async def close(self) -> None:
        self._tables.clear()
        if self._database is not None:
            self._database.close()
            self._database = None
        self._session = self._new_session()

    async def _connection(self) -> lancedb.AsyncConnection:
        if self._database is None:
            self._database = await lancedb.connect_async(
                self._uri, read_consistency_interval=timedelta(0), session=self._session
            )
        return self._database

    def _new_session(self) -> lancedb.Session:
        return lancedb.Session(index_cache_size_bytes=self._cache_bytes, metadata_cache_size_bytes=self._versions_bytes)


async def is_ready(table: AsyncTable) -> bool:
    """Whether it is in the form of now and has its indices."""
    return is_current(set((await table.schema()).names)) and await has_indices(table)


async def _is_new(table: AsyncTable) -> bool:
    """Whether somebody is making it just now: there are no rows before there are indices."""
    return is_current(set((await table.schema()).names)) and await table.count_rows() == 0
