"""The LanceDB index, loaded when it is first used: a role at rest does without its 100 MB."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from stoa.domain.identity import AccessTag, Rights
from stoa.domain.passages import Passage
from stoa.domain.vectors import Hit, IndexedChunk

if TYPE_CHECKING:
    from stoa.adapters.vectors.lance import LanceIndex


class LateIndex:
    """PassageSearch, PassageReader and PassageIndex over the tables under `uri`."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._index: LanceIndex | None = None
        self._loading = asyncio.Lock()

    async def load(self) -> "LanceIndex":
        """Load it now, in a thread, so that the first question need not wait."""
        async with self._loading:
            if self._index is None:
                self._index = await asyncio.to_thread(_load, self._uri)
            return self._index

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        await (await self.load()).replace(collection, documents, chunks)

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        await (await self.load()).grant(collection, rights)

    async def tend(self, collection: str) -> None:
        await (await self.load()).tend(collection)

    async def drop(self, collection: str) -> None:
        await (await self.load()).drop(collection)

    async def dense(self, collection: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int) -> Sequence[Hit]:
        return await (await self.load()).dense(collection, vector, acl=acl, limit=limit)

    async def lexical(
        self, collection: str, question: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int
    ) -> Sequence[Hit]:
        return await (await self.load()).lexical(collection, question, vector, acl=acl, limit=limit)

    async def of_document(self, collection: str, document_id: str, *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        return await (await self.load()).of_document(collection, document_id, acl=acl)

    async def of_ids(self, collection: str, ids: Sequence[str], *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        return await (await self.load()).of_ids(collection, ids, acl=acl)

    async def fetch(
        self, collection: str, ids: Sequence[str], vector: Sequence[float], *, acl: frozenset[AccessTag]
    ) -> Sequence[Hit]:
        return await (await self.load()).fetch(collection, ids, vector, acl=acl)

    async def close(self) -> None:
        if self._index is not None:
            await self._index.close()


def _load(uri: str) -> "LanceIndex":
    from stoa.adapters.vectors.lance import LanceIndex

    return LanceIndex(uri)
