"""Searching a collection, and showing what the index and the graph hold, without an answer. Only Stoa's own roles may ask.

Whoever asks brings the access tags: a role speaks for somebody whose rights it has looked up, and may say less than all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from stoa.domain.exchange import Exchange
from stoa.domain.graph import GraphLinks
from stoa.domain.identity import AccessTag
from stoa.domain.indexes import of_collection
from stoa.domain.passages import Among, Passage, PassageLink, Ranking, Reranked, SearchMode
from stoa.domain.vectors import PassageReader
from stoa.errors import InvalidRequest, NotFound
from stoa.gateway.key import is_of_a_role
from stoa.gateway.plan import Client, Plan
from stoa.gateway.reranking import Ordering
from stoa.kit.names import did_you_mean

SEARCH = b"/v1/passages/search"
OF_DOCUMENT = b"/v1/passages/of-document"
LINKS = b"/v1/passages/links"

_T = TypeVar("_T")
_encode = msgspec.json.Encoder().encode


class _Search(msgspec.Struct, forbid_unknown_fields=True):
    collections: tuple[str, ...]
    question: str
    limit: int
    acl: frozenset[AccessTag]
    mode: SearchMode = "hybrid"
    among: dict[str, Among] = {}
    rerank: str | None = None
    """A model to be asked for the order instead of the one that the collections name, `off` for none."""


class _OfDocument(msgspec.Struct, forbid_unknown_fields=True):
    collection: str
    document_id: str
    acl: frozenset[AccessTag]


class _Links(msgspec.Struct, forbid_unknown_fields=True):
    collection: str
    passage_id: str
    limit: int
    acl: frozenset[AccessTag]


class Searching:
    """The work of these paths. Without a graph, no passage has links."""

    def __init__(
        self, plan: Callable[[], Plan], ordering: Ordering, reader: PassageReader, graph: GraphLinks | None = None
    ) -> None:
        self._plan = plan
        self._ordering = ordering
        self._reader = reader
        self._graph = graph
        self._asks = {SEARCH: self._search, OF_DOCUMENT: self._of_document, LINKS: self._links}

    def work(self, exchange: Exchange, client: Client) -> Callable[[bytes], Awaitable[bytes]]:
        ask = self._asks[exchange.target.partition(b"?")[0]]
        headers: Mapping[bytes, bytes] = exchange.headers

        async def worked(body: bytes) -> bytes:
            if not is_of_a_role(headers):
                raise NotFound("There is nothing here for keys: search with POST /api/collections/NAME/search.")
            return _encode(await ask(body, client))

        return worked

    async def _search(self, body: bytes, client: Client) -> Ranking:
        asked, told = self._read(body, _Search), list[Reranked]()
        retriever = self._ordering.over(self._plan(), asked.collections, told.append, model=asked.rerank)
        found = await retriever.retrieve(
            asked.question, collections=asked.collections, acl=asked.acl, limit=asked.limit, mode=asked.mode,
            on_behalf_of=client.caller.team, among=asked.among,
        )  # fmt: skip
        return Ranking(tuple(found), told[0] if told else None)

    async def _of_document(self, body: bytes, client: Client) -> Sequence[Passage]:
        asked = self._read(body, _OfDocument)
        index = self._plan().indexes[asked.collection].name
        return of_collection(await self._reader.of_document(index, asked.document_id, acl=asked.acl))

    async def _links(self, body: bytes, client: Client) -> Sequence[PassageLink]:
        asked = self._read(body, _Links)
        if self._graph is None:
            return []
        index = self._plan().indexes[asked.collection].name
        links = await self._graph.links(index, asked.passage_id, acl=asked.acl, limit=asked.limit)
        ids = sorted({each for link in links for each in link.passages})
        known = {each.id: each for each in of_collection(await self._reader.of_ids(index, ids, acl=asked.acl))}
        return [
            PassageLink(
                name=link.name, about=link.about, more=link.more,
                passages=tuple(known[each] for each in link.passages if each in known),
            )
            for link in links
        ]  # fmt: skip

    def _read(self, body: bytes, kind: type[_T]) -> _T:
        """Raises InvalidRequest, and NotFound for a collection that the plan does not have."""
        try:
            asked = msgspec.json.decode(body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidRequest(f"The body cannot be read: {error}.") from None
        known = self._plan().indexes
        for name in getattr(asked, "collections", None) or (getattr(asked, "collection", ""),):
            if name not in known:
                raise NotFound(
                    f"The gateway has no collection {name!r}.{did_you_mean(name, list(known))} One that was applied just now "
                    "is there within two seconds.",
                    param="collection",
                )
        return asked
