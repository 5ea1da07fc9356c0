"""What is to be judged goes to the gateway with a token for whoever asks, and comes back as it may go on."""

from collections.abc import Callable

import httpx
import msgspec
import pytest

from stoa.adapters.gateway_client.guards import GatewayWarden
from stoa.domain.behalf import Behalf
from stoa.domain.guards import Judged
from stoa.domain.passages import Passage
from stoa.errors import InvalidRequest, ProviderError, StoaError

PASSAGE = Passage(
    id="d.0",
    document_id="d",
    collection="c",
    title="D",
    path="d.md",
    heading=(),
    page=1,
    start=0,
    end=4,
    text="text",
    score=0.5,
)
JUDGED = Judged(id="f1", text="why?", passages=[PASSAGE])


def warden(handle: Callable[[httpx.Request], httpx.Response]) -> GatewayWarden:
    client = httpx.AsyncClient(base_url="http://gateway", transport=httpx.MockTransport(handle))
    return GatewayWarden(client, token=lambda behalf: f"token-of-{behalf.key}")


async def test_request_and_answer_are_judged_as_their_own_stages() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=msgspec.json.encode(JUDGED))

    judges, behalf = warden(handle), Behalf(key="k1")
    assert await judges.judge_request("why?", [PASSAGE], name="mcp/ask", behalf=behalf) == JUDGED
    assert await judges.judge_answer("so.", [PASSAGE], name="mcp/ask", behalf=behalf, asked="f1") == JUDGED
    assert {(each.url.path, each.headers["authorization"]) for each in seen} == {("/v1/guardrails/judge", "Bearer token-of-k1")}
    told = [msgspec.json.decode(each.content) for each in seen]
    assert [(each["stage"], each["text"], each["asked"]) for each in told] == [("input", "why?", None), ("output", "so.", "f1")]


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(400, json={"error": {"message": "no", "code": "guardrail_refused", "param": "text"}}), InvalidRequest),
        (httpx.Response(503, json={"error": {"message": "no", "code": "guardrail_unavailable"}}), ProviderError),
        (httpx.Response(200, content=b"{}"), ProviderError),
        (httpx.Response(200, content=msgspec.json.encode(Judged(id=None, text="", passages=[]))), ProviderError),
        (httpx.ConnectError("away"), ProviderError),
    ],
)
async def test_without_a_judgement_nothing_goes_on(
    response: httpx.Response | httpx.ConnectError, error: type[StoaError]
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(response, Exception):
            raise response
        return response

    with pytest.raises(error) as raised:
        await warden(handle).judge_request("why?", [PASSAGE], name="mcp/ask", behalf=Behalf(key="k1"))
    if isinstance(raised.value, InvalidRequest):
        assert (raised.value.code, raised.value.param) == ("guardrail_refused", "text")
