"""An index that is loaded when it is first used: a role at rest does without the 100 MB that its library takes."""

import asyncio
from collections.abc import AsyncIterable, Callable, Mapping, Sequence

from stoa.domain.identity import AccessTag, Rights
from stoa.domain.passages import Passage
from stoa.domain.vectors import Hit, IndexedChunk, VectorStore


class LateIndex:
    """VectorStore over the one that `make` makes, once."""

    def __init__(self, make: Callable[[], VectorStore]) -> None:
        self._make = make
        self._index: VectorStore | None = None
        self._loading = asyncio.Lock()

    async def load(self) -> VectorStore:
        """Load it now, in a thread, so that the first question need not wait."""
        async with self._loading:
            if self._index is None:
                self._index = await asyncio.to_thread(self._make)
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

    async def collections(self) -> Sequence[str]:
        return await (await self.load()).collections()

    async def outdated(self) -> Sequence[str]:
        return await (await self.load()).outdated()

    async def documents(self, collection: str) -> Sequence[str]:
        return await (await self.load()).documents(collection)

    async def rows(self, collection: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        return await (await self.load()).rows(collection, documents)

    async def rebuild(self, collection: str, parts: AsyncIterable[Sequence[IndexedChunk]]) -> None:
        await (await self.load()).rebuild(collection, parts)

    async def close(self) -> None:
        if self._index is not None:
            await self._index.close()
