"""The documents and the corpus versions of collections, as whoever copies an index sees them: each call is one transaction."""

from collections.abc import Mapping, Sequence

from stoa.adapters.database.documents import DocumentTable
from stoa.adapters.database.engine import Database
from stoa.adapters.database.ledgers import raise_corpus
from stoa.adapters.database.revision import RevisionTable
from stoa.domain.documents import Document


class CorpusRecords:
    """CorpusLedger over the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def documents(self, collection: str, *, after: str = "", limit: int = 1_000) -> Sequence[Document]:
        async with self._database.read() as connection:
            return await DocumentTable(connection).of_collection(collection, after=after, limit=limit)

    async def read(self, ids: Sequence[str]) -> Mapping[str, Document]:
        async with self._database.read() as connection:
            return await DocumentTable(connection).read(ids)

    async def version(self, collection: str) -> int:
        async with self._database.read() as connection:
            return (await RevisionTable(connection).corpus()).get(collection, 0)

    async def unknown(self, documents: Sequence[str]) -> None:
        async with self._database.write() as connection:
            await DocumentTable(connection).unknown(documents)

    async def raise_version(self, collection: str) -> None:
        async with self._database.write() as connection:
            await raise_corpus(connection, collection)
