"""The embedding endpoint: what is sent, and what may come back."""

import base64
import json
from array import array

import httpx
import pytest

from stoa.adapters.embedders.openai import EndpointEmbedder
from stoa.errors import ProviderError


def embedder(answer: httpx.Response | Exception, seen: list[httpx.Request] | None = None) -> EndpointEmbedder:
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    return EndpointEmbedder(client, url="http://stoa/v1/embeddings", model="m", token=lambda team: f"token-of-{team}")


def item(index: int, *values: float) -> dict[str, object]:
    return {"index": index, "embedding": base64.b64encode(array("f", values).tobytes()).decode()}


async def test_vectors_come_back_in_the_order_of_the_texts_and_the_team_pays() -> None:
    seen: list[httpx.Request] = []
    found = await embedder(httpx.Response(200, json={"data": [item(1, 3, 4), item(0, 1, 2)]}), seen).embed(["a", "b"], team="t")
    assert [list(vector) for vector in found] == [[1, 2], [3, 4]]
    assert seen[0].headers["authorization"] == "Bearer token-of-t"
    assert json.loads(seen[0].content) == {"model": "m", "input": ["a", "b"], "encoding_format": "base64"}


async def test_plain_lists_of_numbers_are_taken_as_well() -> None:
    found = await embedder(httpx.Response(200, json={"data": [{"index": 0, "embedding": [1.0, 2.0]}]})).embed(["a"], team="t")
    assert list(found[0]) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("answer", "reason", "status"),
    [
        (httpx.Response(429, json={"error": {"message": "The budget is spent."}}), "The budget is spent", 429),
        (httpx.Response(502, text="<html>"), "502: no reason given", 502),
        (httpx.Response(200, text="{}"), "nonsense", None),
        (httpx.Response(200, json={"data": [item(0, 1)]}), "1 vectors for 2 texts", None),
        (httpx.ConnectError("refused"), "cannot be reached: refused", None),
    ],
)
async def test_whatever_goes_wrong_names_the_model(answer: httpx.Response | Exception, reason: str, status: int | None) -> None:
    with pytest.raises(ProviderError, match=reason) as caught:
        await embedder(answer).embed(["a", "b"], team="t")
    assert "'m'" in caught.value.message
    assert caught.value.upstream_status == status
