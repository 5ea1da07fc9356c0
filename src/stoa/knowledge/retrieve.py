"""From a question to passages: embed once, search each collection by meaning and by words, fuse, and follow the graph.

The passages found first lead to others, which may share no word with the question: a walk from the best of them ranks all anew
and brings new ones in. The caller's access tags go into both searches, the walk and the fetching of what it found; nothing is
fetched that the caller may not read.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import islice
from typing import Any

from stoa.domain.graph import GraphWalk
from stoa.domain.identity import AccessTag
from stoa.domain.indexes import of_collection
from stoa.domain.passages import Among, Embedder, Passage, SearchMode
from stoa.domain.vectors import Hit, PassageSearch
from stoa.knowledge.english import subject
from stoa.knowledge.fuse import LEXICAL, after_walk, by_one, distinct, fuse, reachable, reached, seeds
from stoa.knowledge.traits.resemblance import uncrowded

CANDIDATES = 50
"""How many each search brings, at least."""

WALKED = 50
"""How many passages a walk names in each collection."""


class HybridRetriever:
    """The retriever port. `embedder_of` names the embedder of a collection's vectors; without a graph, none is followed.

    `index_of` is what index and graph call the collection's index; its own name if left out.
    """

    def __init__(
        self,
        search: PassageSearch,
        embedder_of: Callable[[str], Embedder],
        index_of: Callable[[str], str] = str,
        *,
        graph: GraphWalk | None = None,
    ) -> None:
        self._search, self._embedder_of, self._index_of, self._graph = search, embedder_of, index_of, graph

    async def retrieve(
        self,
        question: str,
        *,
        collections: Sequence[str],
        acl: frozenset[AccessTag],
        limit: int,
        on_behalf_of: str,
        mode: SearchMode = "hybrid",
        among: Mapping[str, Among] | None = None,
    ) -> Sequence[Passage]:
        """The passages that fit the question best, at most `limit`; those that say what a better one says stand last.

        `on_behalf_of` is the team that pays for the embedding.
        """
        among = among or {}
        searched = [name for name in collections if name not in among or not among[name].nothing]
        if not acl or not searched or not question.strip():
            return []
        vectors = await self._vectors(question, searched, on_behalf_of)
        wanted = max(CANDIDATES, 2 * limit)
        words = subject(question)
        searches: list[Coroutine[Any, Any, Sequence[Hit]]] = []  # Any: what a coroutine is sent and yields is asyncio's own
        about = {self._index_of(name): some for name, some in among.items()}
        for name, vector in vectors.items():
            if mode != "lexical":
                searches.append(self._search.dense(name, vector, acl=acl, limit=wanted, among=about.get(name)))
            if mode != "dense":
                searches.append(self._search.lexical(name, words, vector, acl=acl, limit=wanted, among=about.get(name)))
        found = await asyncio.gather(*searches)
        if mode != "hybrid":
            return of_collection(uncrowded(by_one(hit for hits in found for hit in hits), limit=limit))
        ranked = fuse((hit for hits in found for hit in hits), limit=2 * wanted * len(vectors))
        if self._graph is None or not ranked:
            return of_collection(uncrowded(ranked, limit=limit))
        farthest = {
            name: min((hit.similarity for hit in dense), default=0.0) for name, dense in zip(vectors, found[::2], strict=True)
        }
        return of_collection(await self._follow(self._graph, ranked, vectors, farthest, acl=acl, limit=limit, among=about))

    async def _vectors(self, question: str, collections: Sequence[str], team: str) -> dict[str, Sequence[float]]:
        """The question's vector for the index of each collection, which is asked for once: it may change at any time."""
        by_embedder: dict[int, Sequence[float]] = {}
        vectors: dict[str, Sequence[float]] = {}
        named = {self._index_of(each): self._embedder_of(each) for each in dict.fromkeys(collections)}
        for index, embedder in named.items():
            if id(embedder) not in by_embedder:
                (by_embedder[id(embedder)],) = await embedder.embed([question], team=team)
            vectors[index] = by_embedder[id(embedder)]
        return vectors

    async def _follow(
        self,
        graph: GraphWalk,
        ranked: Sequence[Passage],
        vectors: Mapping[str, Sequence[float]],
        farthest: Mapping[str, float],
        *,
        acl: frozenset[AccessTag],
        limit: int,
        among: Mapping[str, Among],
    ) -> Sequence[Passage]:
        """Rank anew after a walk, with what only the walk found. `farthest` is the least cosine that each search brought."""
        began = seeds(ranked)
        by_collection = {name: {p.id: began[p.id] for p in ranked[: len(began)] if p.collection == name} for name in vectors}
        walks = await asyncio.gather(
            *(graph.walk(name, some, acl=acl, limit=WALKED) for name, some in by_collection.items() if some)
        )
        walked = dict(zip((name for name, some in by_collection.items() if some), walks, strict=True))
        came = {passage: share for shares in walks for passage, share in shares.items()}
        again = after_walk(ranked, began, came)
        known = {passage.id for passage in ranked}
        said: dict[str, str] = {}
        last = next(islice(distinct(again, said), limit - 1, None), None)
        least = reached(last, began, came).score if last is not None else 0.0
        fetches: list[Coroutine[Any, Any, Sequence[Hit]]] = []  # Any: as above
        for name, shares in walked.items():
            # What neither search brought is no nearer to the question than the last that one did, and shares few words with it.
            most = (1 - LEXICAL) * farthest[name]
            new = [one for one, share in shares.items() if one not in known and reachable(most, 0.0, share) > least]
            if new:
                fetches.append(self._search.fetch(name, new, vectors[name], acl=acl))
        if fetches:
            fetched = [hit for hits in await asyncio.gather(*fetches) for hit in hits]
            about = (hit for hit in fetched if _is_about(hit.passage, among))
            others = fuse(about, limit=WALKED * len(fetches))
            again = after_walk([*ranked, *others], began, came)
        best = uncrowded(distinct(again, said), limit=limit)
        return [reached(each, began, came) for each in best]


def _is_about(passage: Passage, among: Mapping[str, Among]) -> bool:
    found = among.get(passage.collection)
    return found is None or found.holds(passage.document_id)
