import json
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from stoa.adapters.engines.writing import REFUSAL
from stoa.api.engine.chat import SELF_DESCRIPTION
from stoa.api.engine.routes import Routes
from stoa.api.wire.messages import Request, Response

SYSTEM = """Answer from the numbered passages only.

Passages:

[1] Leave policy > Annual leave
Full-time employees have 28 days of paid annual leave per calendar year."""
QUESTION = "How many days of annual leave do employees have?"
ANSWER = "Full-time employees have 28 days of paid annual leave per calendar year. [1]"


async def chat(routes: Routes, question: object = QUESTION, **fields: object) -> Response:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    body = json.dumps({"model": "stoa-reader", "messages": messages} | fields).encode()
    return await routes.handle(Request("POST", "/v1/chat/completions", "", {}, body))


def content(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


async def events(response: Response) -> list[Any]:
    pieces = [piece async for piece in cast("AsyncIterator[bytes]", response.body)]
    assert pieces[-1] == b"data: [DONE]\n\n"
    return [json.loads(piece.removeprefix(b"data: ")) for piece in pieces[:-1]]


async def test_a_question_is_answered_with_its_citation_and_usage(routes: Routes) -> None:
    answer = content(await chat(routes))
    assert answer["object"] == "chat.completion"
    assert answer["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": ANSWER, "refusal": None, "annotations": []},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens"] == 18


async def test_a_stream_says_the_same_word_by_word(routes: Routes) -> None:
    chunks = await events(await chat(routes, stream=True))
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0]["role"] == "assistant"
    assert "".join(delta.get("content", "") for delta in deltas) == ANSWER
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks][-2:] == [None, "stop"]
    assert all("usage" not in chunk for chunk in chunks)


async def test_a_stream_ends_with_its_usage_when_asked(routes: Routes) -> None:
    chunks = await events(await chat(routes, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 18
    assert all(chunk["usage"] is None for chunk in chunks[:-1])


async def test_what_the_passages_do_not_answer_is_refused_in_words(routes: Routes) -> None:
    answer = content(await chat(routes, "What is the capital of Peru?"))
    assert answer["choices"][0]["message"]["content"] == REFUSAL


async def test_a_chat_without_passages_is_told_what_the_reader_is(routes: Routes) -> None:
    answer = content(await chat(routes, messages=[{"role": "user", "content": "Hello!"}]))
    assert answer["choices"][0]["message"]["content"] == SELF_DESCRIPTION


async def test_content_may_come_in_parts(routes: Routes) -> None:
    parts = [{"type": "text", "text": QUESTION[:20]}, {"type": "text", "text": QUESTION[20:]}]
    assert content(await chat(routes, parts))["choices"][0]["message"]["content"] == ANSWER


async def test_an_answer_is_cut_where_the_caller_wants_it(routes: Routes) -> None:
    (choice,) = content(await chat(routes, max_tokens=4))["choices"]
    assert choice["message"]["content"] == "Full-time employees"
    assert choice["finish_reason"] == "length"
    assert content(await chat(routes, stop=["28"]))["choices"][0]["message"]["content"] == "Full-time employees have "


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content"),
        ({"messages": "x"}, "messages"),
    ],
)
async def test_what_cannot_be_done_is_refused_by_field(routes: Routes, fields: dict[str, object], param: str) -> None:
    response = await chat(routes, **fields)
    assert response.status == 400
    error = content(response)["error"]
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"


async def test_fields_that_only_steer_chance_are_let_pass(routes: Routes) -> None:
    fields = {"temperature": 0.2, "seed": 7, "top_p": 1, "user": "u", "tools": [], "response_format": {"type": "text"}}
    assert (await chat(routes, **fields)).status == 200


async def test_another_model_is_not_found(routes: Routes) -> None:
    response = await chat(routes, model="gpt-4o")
    assert response.status == 404
    assert "stoa-reader" in content(response)["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"model": "stoa-reader"}'])
async def test_a_malformed_body_is_refused(routes: Routes, body: bytes) -> None:
    response = await routes.handle(Request("POST", "/v1/chat/completions", "", {}, body))
    assert response.status == 400
    assert content(response)["error"]["code"] == "invalid_request"
