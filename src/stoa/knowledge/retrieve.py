"""From a question to passages: embed once, search each collection by meaning and by words, fuse.

The caller's access tags go into both searches; nothing is fetched that the caller may not read.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from stoa.domain.identity import AccessTag
from stoa.domain.passages import Embedder, Passage
from stoa.domain.vectors import Hit, PassageSearch
from stoa.knowledge.fuse import fuse

CANDIDATES = 50
"""How many each search brings, at least."""


class HybridRetriever:
    """The retriever port. `embedder_of` names the embedder whose vectors a collection holds."""

    def __init__(self, search: PassageSearch, embedder_of: Callable[[str], Embedder]) -> None:
        self._search, self._embedder_of = search, embedder_of

    async def retrieve(
        self, question: str, *, collections: Sequence[str], acl: frozenset[AccessTag], limit: int, on_behalf_of: str
    ) -> Sequence[Passage]:
        """The passages that fit the question best, at most `limit`. `on_behalf_of` is the team that pays for the embedding."""
        if not acl or not question.strip():
            return []
        vectors: dict[int, Sequence[float]] = {}
        searches: list[Coroutine[Any, Any, Sequence[Hit]]] = []  # Any: what a coroutine is sent and yields is asyncio's own
        wanted = max(CANDIDATES, 2 * limit)
        for collection in dict.fromkeys(collections):
            embedder = self._embedder_of(collection)
            if id(embedder) not in vectors:
                (vectors[id(embedder)],) = await embedder.embed([question], team=on_behalf_of)
            vector = vectors[id(embedder)]
            searches.append(self._search.dense(collection, vector, acl=acl, limit=wanted))
            searches.append(self._search.lexical(collection, question, vector, acl=acl, limit=wanted))
        found = await asyncio.gather(*searches)
        return fuse((hit for hits in found for hit in hits), limit=limit)
