"""Stoa's own requests for an answer: whose they are, what is tried again, and what is not."""

import json

import httpx
import pytest

from stoa.adapters.gateway_client.complete import GatewayCompleter
from stoa.domain.behalf import Behalf
from stoa.errors import ProviderError

WHOLE = httpx.Response(200, json={"choices": [{"message": {"role": "assistant", "content": "yes"}}]})
BUSY = httpx.Response(503, json={"error": {"message": "later"}})


def completer(*answers: httpx.Response | Exception) -> tuple[GatewayCompleter, list[httpx.Request]]:
    left, asked = list(answers), list[httpx.Request]()

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def token(behalf: Behalf) -> str:
        return f"for {behalf.team}"

    client = httpx.AsyncClient(base_url="http://gateway", transport=httpx.MockTransport(handle))
    return GatewayCompleter(client, token=token, pause_s=0.0), asked


async def test_a_request_is_the_teams_and_waits_behind_people() -> None:
    ours, asked = completer(WHOLE)
    assert await ours.complete({"model": "small", "messages": []}, team="lab") == "yes"
    (request,) = asked
    assert (request.url.path, json.loads(request.content)["model"]) == ("/v1/chat/completions", "small")
    assert (request.headers["authorization"], request.headers["x-stoa-lane"]) == ("Bearer for lab", "batch")


async def test_what_may_pass_is_tried_again_and_what_will_not_is_not() -> None:
    ours, asked = completer(BUSY, httpx.ConnectError("away"), WHOLE)
    assert (await ours.complete({"model": "small"}, team="lab"), len(asked)) == ("yes", 3)
    ours, asked = completer(httpx.Response(404, json={"error": {"message": "no such model"}}))
    with pytest.raises(ProviderError, match=r"404.*no such model"):
        await ours.complete({"model": "small"}, team="lab")
    ours, asked = completer(BUSY, BUSY, BUSY)
    with pytest.raises(ProviderError, match="later"):
        await ours.complete({"model": "small"}, team="lab")
    assert len(asked) == 3


@pytest.mark.parametrize("body", [{"choices": []}, {"choices": [{"message": {"content": None}}]}, {"nothing": 1}])
async def test_an_answer_without_text_is_none(body: object) -> None:
    ours, _ = completer(httpx.Response(200, json=body))
    with pytest.raises(ProviderError):
        await ours.complete({"model": "small"}, team="lab")
