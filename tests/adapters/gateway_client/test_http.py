"""The gateway's answer, as it comes over the wire."""

import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from stoa.adapters.gateway_client.http import GatewayChat
from stoa.domain.chat import (
    AnswerBegins,
    AnswerCitations,
    AnswerClosest,
    AnswerPiece,
    AnswerText,
    AnswerUsage,
    AnswerVerification,
    ChatMessage,
)
from stoa.domain.passages import Citation, SentenceCheck
from stoa.errors import CallerError, Forbidden, InvalidRequest, LimitReached, NotFound, ProviderError, TooLarge

CITATION = Citation(1, "doc_1", "hr", "Travel", "travel.pdf", ("Hotels",), 3, 10, 40, "Up to 180 € a night.", 0.5)
CITED = {
    "n": 1, "document_id": "doc_1", "collection": "hr", "title": "Travel", "path": "travel.pdf", "heading": ["Hotels"],
    "page": 3, "start": 10, "end": 40, "passage": "Up to 180 € a night.", "score": 0.5,
}  # fmt: skip
CHECKED = {"start": 0, "end": 11, "state": "unsupported", "numbers": [1], "missing": ["180"]}
DONE = b"data: [DONE]\n\n"


class Pieces(httpx.AsyncByteStream):
    """A body that arrives in these pieces, and remembers whether it was closed."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece

    async def aclose(self) -> None:
        self.closed = True


def text(content: str) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": content}}]})


def event(chunk: object) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def chat(answer: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> GatewayChat:
    def handle(request: httpx.Request) -> httpx.Response:
        return answer if isinstance(answer, httpx.Response) else answer(request)

    client = httpx.AsyncClient(base_url="http://gateway", transport=httpx.MockTransport(handle))
    return GatewayChat(client, token=lambda user_id: f"token-of-{user_id}")


async def answered(client: GatewayChat) -> list[AnswerPiece]:
    return [piece async for piece in client.answer([ChatMessage("user", "Hotels?")], model="assistant/hr", user_id="ann")]


async def test_the_request_is_a_stream_in_openai_s_form_on_behalf_of_the_user() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, stream=Pieces(DONE))

    await answered(chat(handle))
    (request,) = seen
    assert str(request.url) == "http://gateway/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer token-of-ann"
    assert json.loads(request.content) == {
        "model": "assistant/hr",
        "messages": [{"role": "user", "content": "Hotels?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_text_usage_citations_and_cost_come_as_pieces() -> None:
    stream = Pieces(
        event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}),
        text("Up to "),
        text("180 €"),
        event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
        event({"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}}),
        event(
            {"choices": [], "stoa": {"citations": [CITED], "closest": [CITED], "cost_nano_usd": 900, "verification": [CHECKED]}}
        ),
        DONE,
    )
    assert await answered(chat(httpx.Response(200, headers={"x-request-id": "req_1"}, stream=stream))) == [
        AnswerBegins("req_1"),
        AnswerText("Up to "),
        AnswerText("180 €"),
        AnswerUsage(12, 5, None),
        AnswerCitations((CITATION,)),
        AnswerClosest((CITATION,)),
        AnswerVerification((SentenceCheck(0, 11, "unsupported", (1,), ("180",)),)),
        AnswerUsage(None, None, 900),
    ]


async def test_an_answer_from_the_cache_costs_what_the_header_says() -> None:
    stream = Pieces(text("Up"), event({"choices": [], "stoa": {"citations": [], "cost_nano_usd": 900}}), DONE)
    *_, last = await answered(chat(httpx.Response(200, headers={"x-stoa-cost-nano-usd": "0"}, stream=stream)))
    assert last == AnswerUsage(None, None, 0)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
async def test_pieces_may_be_cut_anywhere_and_hold_any_line_separator_but_lf(size: int) -> None:
    body = b": hello\r\n\r\n" + text("one\u2028two\x85\x0cthree €").replace(b"\n\n", b"\r\n\r\n") + text("end") + DONE
    stream = Pieces(*(body[at : at + size] for at in range(0, len(body), size)))
    _, first, last = await answered(chat(httpx.Response(200, stream=stream)))
    assert (first, last) == (AnswerText("one\u2028two\x85\x0cthree €"), AnswerText("end"))


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([text("Up")], "broke off"),
        ([text("Up"), b"data: [DON"], "broke off"),
        ([text("Up"), event({"error": {"message": "The model is overloaded.", "type": "server_error"}}), DONE], "overloaded"),
        ([text("Up"), event({"error": {}}), DONE], "model failed"),
        ([text("Up"), event({"error": "out of memory"}), DONE], "out of memory"),
        ([text("Up"), b"data: {nonsense\n\n", DONE], "cannot be understood"),
        ([text("Up"), event({"choices": [{"delta": {"content": 7}}]}), DONE], "cannot be understood"),
    ],
)
async def test_a_stream_that_does_not_end_well_is_a_provider_s_error(pieces: list[bytes], message: str) -> None:
    seen: list[AnswerPiece] = []
    with pytest.raises(ProviderError, match=message):
        async for piece in chat(httpx.Response(200, stream=Pieces(*pieces))).answer([], model="m", user_id="ann"):
            seen.append(piece)
    assert seen == [AnswerBegins(None), AnswerText("Up")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, InvalidRequest), (401, Forbidden), (403, Forbidden), (404, NotFound), (413, TooLarge), (429, LimitReached)],
)
async def test_a_refusal_keeps_its_words_and_its_code(status: int, kind: type[CallerError]) -> None:
    error = {"error": {"message": "The team 'red' has spent its budget.", "type": "x", "param": None, "code": "budget_spent"}}
    with pytest.raises(kind, match="has spent its budget") as caught:
        await answered(chat(httpx.Response(status, json=error, headers={"retry-after": "30"})))
    assert caught.value.code == "budget_spent"
    if isinstance(caught.value, LimitReached):
        assert caught.value.retry_after_s == 30


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_failing_gateway_is_a_provider_s_error_of_that_status(status: int) -> None:
    with pytest.raises(ProviderError, match=f"status {status}") as caught:
        await answered(chat(httpx.Response(status, content=b"<html>")))
    assert caught.value.status == status


@pytest.mark.parametrize(("error", "message"), [(httpx.ConnectError("no"), "reached"), (httpx.ReadTimeout("slow"), "too long")])
async def test_a_gateway_that_is_away_is_said_plainly(error: Exception, message: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(ProviderError, match=message):
        await answered(chat(handle))


async def test_closing_the_answer_closes_the_connection() -> None:
    stream = Pieces(text("Up"), text("never"), DONE)
    answer = chat(httpx.Response(200, stream=stream)).answer([], model="m", user_id="ann")
    await anext(answer)
    assert await anext(answer) == AnswerText("Up")
    await answer.aclose()
    assert stream.closed
