"""An index that keeps the graph of its passages beside it: whatever changes in one changes in the other."""

import asyncio
from collections.abc import Mapping, Sequence

from stoa.domain.graph import PassageGraph
from stoa.domain.identity import Rights
from stoa.domain.vectors import IndexedChunk, PassageIndex
from stoa.knowledge.facts import facts_of


class LinkedIndex:
    """PassageIndex over an index and a graph. A crash between the two is made good when the call is repeated."""

    def __init__(self, index: PassageIndex, graph: PassageGraph) -> None:
        self._index, self._graph = index, graph

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        await self._index.replace(collection, documents, chunks)
        facts = await asyncio.to_thread(facts_of, chunks) if chunks else []
        await self._graph.replace(collection, documents, facts)

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        await self._index.grant(collection, rights)
        await self._graph.grant(collection, rights)

    async def tend(self, collection: str) -> None:
        await self._index.tend(collection)
        await self._graph.tend(collection)
