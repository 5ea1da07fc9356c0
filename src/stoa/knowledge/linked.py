"""An index that keeps the graph of its passages beside it: whatever changes in one changes in the other."""

import asyncio
from collections.abc import Mapping, Sequence

from stoa.domain.graph import PassageGraph
from stoa.domain.identity import Rights
from stoa.domain.vectors import IndexedChunk, PassageIndex
from stoa.knowledge.facts import facts_of


class LinkedIndex:
    """PassageIndex over an index and a graph. A crash between the two is made good when the call is repeated.

    The graph comes first: what is closed is not walked through while it can still be found, and what a walk leads to before the
    index has it is not there to be fetched.
    """

    def __init__(self, index: PassageIndex, graph: PassageGraph) -> None:
        self._index, self._graph = index, graph

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        facts = await asyncio.to_thread(facts_of, chunks) if chunks else []
        await self._graph.replace(collection, documents, facts)
        await self._index.replace(collection, documents, chunks)

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        await self._graph.grant(collection, rights)
        await self._index.grant(collection, rights)

    async def tend(self, collection: str) -> None:
        await self._index.tend(collection)
        await self._graph.tend(collection)

    async def drop(self, collection: str) -> None:
        await self._graph.drop(collection)
        await self._index.drop(collection)
