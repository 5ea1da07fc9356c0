"""An index that keeps the knowledge graph of its documents beside it: whatever changes in one changes in the other."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from stoa.domain.identity import Rights
from stoa.domain.triples import KnowledgeGraph
from stoa.domain.vectors import Chunk, IndexedChunk, PassageIndex
from stoa.knowledge.stating.relations import Relation
from stoa.knowledge.stating.triples import triples_of


class Extracted(Protocol):
    """What an extractor found, by chunk, and who it was: its name and version."""

    @property
    def found(self) -> Mapping[str, Sequence[Relation]]: ...

    @property
    def by(self) -> tuple[str, str]: ...


class Extractor(Protocol):
    """Finds more in passages than rules do. None where nobody asked for it."""

    async def extract(self, collection: str, chunks: Sequence[Chunk]) -> Extracted | None: ...


class StatedIndex:
    """PassageIndex over an index and a knowledge graph. A crash between the two is made good when the call is repeated.

    The graph comes first, as in `LinkedIndex`: what is closed is out of it while passages can still be found.
    """

    def __init__(self, index: PassageIndex, graph: KnowledgeGraph, extractor: Extractor | None = None) -> None:
        self._index, self._graph, self._extractor = index, graph, extractor

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        more = await self._extractor.extract(collection, [row.chunk for row in chunks]) if self._extractor and chunks else None
        found, by = (more.found, more.by) if more else (None, None)
        triples = await asyncio.to_thread(triples_of, chunks, found=found, by=by) if chunks else []
        await self._graph.replace(collection, documents, triples)
        await self._index.replace(collection, documents, chunks)

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        await self._graph.grant(collection, rights)
        await self._index.grant(collection, rights)

    async def tend(self, collection: str) -> None:
        """Views of the graph come forward when they are asked."""
        await self._index.tend(collection)

    async def drop(self, collection: str) -> None:
        await self._graph.drop(collection)
        await self._index.drop(collection)
