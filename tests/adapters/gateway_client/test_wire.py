"""Request and answer pass as they are."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from stoa.adapters.gateway_client.wire import GatewayWire
from stoa.domain.playground import ApiHead, ApiRequest
from stoa.errors import ProviderError

REQUEST = ApiRequest("/v1/messages", {"content-type": "application/json", "anthropic-version": "2023-06-01"}, b'{"n": 1.50}')


class Pieces(httpx.AsyncByteStream):
    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def aclose(self) -> None:
        self.closed = True


def wire(handle: Callable[[httpx.Request], httpx.Response]) -> GatewayWire:
    client = httpx.AsyncClient(base_url="http://gateway", transport=httpx.MockTransport(handle))
    return GatewayWire(client, token=lambda user_id: f"token-of-{user_id}")


async def test_the_bytes_go_as_they_are_and_so_do_those_that_come() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(429, headers={"Retry-After": "3"}, stream=Pieces(b"\xff{", b"}"))

    head, *pieces = [part async for part in wire(handle).call(REQUEST, user_id="ann")]
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", "http://gateway/v1/messages")
    assert request.content == b'{"n": 1.50}'
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert request.headers["authorization"] == "Bearer token-of-ann"
    assert head == ApiHead(429, {"retry-after": "3"})
    assert pieces == [b"\xff{", b"}"]


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (httpx.ConnectError("refused"), "gateway_away"),
        (httpx.ReadTimeout("slow"), "timeout"),
        (httpx.RemoteProtocolError("cut"), "broke_off"),
    ],
)
async def test_an_answer_that_breaks_off_is_an_error_behind_what_came(failure: Exception, code: str) -> None:
    came: list[ApiHead | bytes] = []
    with pytest.raises(ProviderError) as error:
        async for part in wire(lambda _: httpx.Response(200, stream=Pieces(b"data: 1\n\n", failure))).call(
            REQUEST, user_id="ann"
        ):
            came.append(part)
    assert (came[1:], error.value.code) == ([b"data: 1\n\n"], code)


async def test_closing_it_gives_the_request_up() -> None:
    stream = Pieces(b"data: 1\n\n", b"data: 2\n\n")
    answer = wire(lambda _: httpx.Response(200, stream=stream)).call(REQUEST, user_id="ann")
    await anext(answer)
    await anext(answer)
    await answer.aclose()
    assert stream.closed
