"""PassageFinder over a retriever and an index in this process, for tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stoa.domain.graph import GraphLinks
from stoa.domain.identity import AccessTag
from stoa.domain.passages import Among, Passage, PassageLink, Ranking, Reranked, Retriever, SearchMode
from stoa.domain.reranking import OFF
from stoa.domain.vectors import PassageReader


@dataclass(frozen=True, slots=True)
class DirectFinder:
    """Asks both without a gateway between."""

    retriever: Retriever
    reader: PassageReader
    graph: GraphLinks | None = None
    reranked: Callable[[Retriever, str, Callable[[Reranked], None]], Retriever] | None = None
    """Makes a retriever that asks a model for the order, by its name."""

    async def search(
        self,
        question: str,
        *,
        collections: Sequence[str],
        acl: frozenset[AccessTag],
        limit: int,
        team: str,
        mode: SearchMode = "hybrid",
        among: Mapping[str, Among] | None = None,
        rerank: str | None = None,
    ) -> Ranking:
        told = list[Reranked]()
        retriever = self.retriever
        if rerank not in (None, OFF) and self.reranked is not None:
            retriever = self.reranked(retriever, rerank, told.append)
        found = await retriever.retrieve(
            question, collections=collections, acl=acl, limit=limit, on_behalf_of=team, mode=mode, among=among
        )
        return Ranking(tuple(found), told[0] if told else None)

    async def of_document(
        self, document_id: str, *, collection: str, acl: frozenset[AccessTag], team: str
    ) -> Sequence[Passage]:
        return await self.reader.of_document(collection, document_id, acl=acl)

    async def links(
        self, passage_id: str, *, collection: str, acl: frozenset[AccessTag], limit: int, team: str
    ) -> Sequence[PassageLink]:
        if self.graph is None:
            return []
        made: list[PassageLink] = []
        for link in await self.graph.links(collection, passage_id, acl=acl, limit=limit):
            passages = tuple(await self.reader.of_ids(collection, link.passages, acl=acl))
            made.append(PassageLink(name=link.name, about=link.about, passages=passages, more=link.more))
        return made
