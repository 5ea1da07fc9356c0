"""PassageFinder over the gateway's `/v1/passages`, with a token that speaks for a team."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import httpx
import msgspec

from stoa.adapters.gateway_client.asking import GatewayAsking
from stoa.domain.behalf import Behalf
from stoa.domain.identity import AccessTag
from stoa.domain.passages import Among, Passage, PassageLink, Ranking, SearchMode

_T = TypeVar("_T")

_PASSAGES = msgspec.json.Decoder(list[Passage])
_RANKING = msgspec.json.Decoder(Ranking)
_LINKS = msgspec.json.Decoder(list[PassageLink])


class GatewayFinder:
    """Implements `domain.passages.PassageFinder`. `token` makes a credential that speaks for somebody, good for minutes."""

    def __init__(self, client: httpx.AsyncClient, *, token: Callable[[Behalf], str]) -> None:
        self._gateway = GatewayAsking(client, token=token)

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
        body = {
            "question": question, "collections": list(collections), "acl": sorted(acl), "limit": limit, "mode": mode,
            "among": among or {}, "rerank": rerank,
        }  # fmt: skip
        return await self._ask("/v1/passages/search", body, team, _RANKING)

    async def of_document(
        self, document_id: str, *, collection: str, acl: frozenset[AccessTag], team: str
    ) -> Sequence[Passage]:
        body = {"document_id": document_id, "collection": collection, "acl": sorted(acl)}
        return await self._ask("/v1/passages/of-document", body, team, _PASSAGES)

    async def links(
        self, passage_id: str, *, collection: str, acl: frozenset[AccessTag], limit: int, team: str
    ) -> Sequence[PassageLink]:
        body = {"passage_id": passage_id, "collection": collection, "acl": sorted(acl), "limit": limit}
        return await self._ask("/v1/passages/links", body, team, _LINKS)

    async def _ask(self, path: str, body: object, team: str, decoder: msgspec.json.Decoder[_T]) -> _T:
        so = "the collection cannot be searched."
        return await self._gateway.ask(path, body, decoder, behalf=Behalf(team=team), what="a search", so=so)
