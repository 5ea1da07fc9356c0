"""PassageFinder over a retriever and an index in this process, for tests."""

from collections.abc import Sequence
from dataclasses import dataclass

from stoa.domain.identity import AccessTag
from stoa.domain.passages import Passage, Retriever
from stoa.domain.vectors import PassageReader


@dataclass(frozen=True, slots=True)
class DirectFinder:
    """Asks both without a gateway between."""

    retriever: Retriever
    reader: PassageReader

    async def search(
        self, question: str, *, collection: str, acl: frozenset[AccessTag], limit: int, team: str
    ) -> Sequence[Passage]:
        return await self.retriever.retrieve(question, collections=[collection], acl=acl, limit=limit, on_behalf_of=team)

    async def of_document(
        self, document_id: str, *, collection: str, acl: frozenset[AccessTag], team: str
    ) -> Sequence[Passage]:
        return await self.reader.of_document(collection, document_id, acl=acl)
