"""Searches go to the gateway with a token for the team, and come back as passages."""

from collections.abc import Callable

import httpx
import msgspec
import pytest

from stoa.adapters.gateway_client.search import GatewayFinder
from stoa.domain.passages import Passage, Ranking, Scores
from stoa.errors import NotFound, ProviderError

PASSAGE = Passage(
    id="d.0", document_id="d", collection="c", title="D", path="d.md", heading=("One",), page=1, start=0, end=4, text="text",
    score=0.5, scores=Scores(dense=0.4, lexical=3.0, fused=0.5),
)  # fmt: skip


def finder(handle: Callable[[httpx.Request], httpx.Response]) -> GatewayFinder:
    client = httpx.AsyncClient(base_url="http://gateway", transport=httpx.MockTransport(handle))
    return GatewayFinder(client, token=lambda behalf: f"token-of-{behalf.team}")


async def test_both_questions_carry_the_callers_tags_and_who_pays() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        found = Ranking((PASSAGE,)) if request.url.path.endswith("/search") else [PASSAGE]
        return httpx.Response(200, content=msgspec.json.encode(found))

    asked = finder(handle)
    acl = frozenset({"team:a", "group:b"})
    assert await asked.search("why?", collections=["c"], acl=acl, limit=3, team="red") == Ranking((PASSAGE,))
    assert await asked.of_document("d", collection="c", acl=acl, team="red") == [PASSAGE]
    assert [request.url.path for request in seen] == ["/v1/passages/search", "/v1/passages/of-document"]
    assert {request.headers["authorization"] for request in seen} == {"Bearer token-of-red"}
    assert msgspec.json.decode(seen[0].content) == {
        "question": "why?", "collections": ["c"], "acl": ["group:b", "team:a"], "limit": 3, "mode": "hybrid", "among": {},
        "rerank": None,
    }  # fmt: skip
    assert msgspec.json.decode(seen[1].content) == {"document_id": "d", "collection": "c", "acl": ["group:b", "team:a"]}


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(404, json={"error": {"message": "no collection"}}), NotFound),
        (httpx.Response(200, content=b"{}"), ProviderError),
        (httpx.ConnectError("away"), ProviderError),
    ],
)
async def test_what_goes_wrong_is_an_error_of_ours(response: httpx.Response | Exception, error: type[Exception]) -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        if isinstance(response, Exception):
            raise response
        return response

    with pytest.raises(error):
        await finder(handle).search("q", collections=["c"], acl=frozenset({"team:a"}), limit=3, team="red")
