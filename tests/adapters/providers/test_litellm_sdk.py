"""Through litellm's SDK to a scripted server of OpenAI's form on this machine.

Run by `tests/conformance/test_sdks.py`: the SDK goes together with nothing that Stoa pins.
"""

import json
from typing import Any

import pytest
from tests.adapters.providers.scripted import answer, stream

from stoa.domain.resources import Provider
from stoa.domain.upstream import Opened

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # the SDK's own
]

ANSWER = {
    "id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-x",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}  # fmt: skip


def chunk(**choice: Any) -> bytes:
    made = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-x", "choices": [{"index": 0, **choice}]}
    return f"data: {json.dumps(made)}\n\n".encode()


@pytest.fixture
def ask(table, scripted, recorder):
    async def post(fields: dict[str, Any], door: Any = "chat"):
        provider = Provider(name="tail", type="litellm", base_url=scripted.url, first_byte_timeout_s=20)
        link = table.link(provider, Opened("sk-s3cret", {}, {"x-team": "red"}))
        endpoint = link.door(door, "openai/gpt-x", stream=bool(fields.get("stream")))
        assert endpoint is not None
        heard = recorder()
        endpoint.post(json.dumps({"model": "gpt-x", **fields}).encode(), heard)
        for _ in range(9):  # what the SDK imports takes seconds, on a loaded machine a minute
            try:
                await heard.wait()
                break
            except TimeoutError:
                continue
        return heard

    return post


MESSAGES = [{"role": "user", "content": "Hi"}]


async def test_an_answer_comes_back_in_openai_s_form(ask, scripted) -> None:
    scripted.answers.append(answer(body=ANSWER, x_ratelimit_remaining_requests="9"))
    heard = await ask({"messages": MESSAGES, "temperature": 0.5})
    assert (heard.status, heard.failure) == (200, None)
    told = json.loads(heard.body)
    assert told["choices"][0]["message"]["content"] == "Hello"
    assert (told["usage"]["prompt_tokens"], told["usage"]["completion_tokens"]) == (3, 2)
    assert dict(heard.headers)[b"x-ratelimit-remaining-requests"] == b"9"
    (request,) = scripted.asked
    assert request.json["messages"] == MESSAGES
    assert (request.json["model"], request.json["temperature"]) == ("gpt-x", 0.5)
    assert (request.headers["authorization"], request.headers["x-team"]) == ("Bearer sk-s3cret", "red")


async def test_a_stream_comes_back_as_events_and_ends_as_one(ask, scripted) -> None:
    scripted.answers.append(
        stream([
            chunk(delta={"role": "assistant", "content": "Hel"}),
            chunk(delta={"content": "lo"}),
            chunk(delta={}, finish_reason="stop"),
            b"data: [DONE]\n\n",
        ])
    )  # fmt: skip
    heard = await ask({"messages": MESSAGES, "stream": True})
    assert dict(heard.headers)[b"content-type"] == b"text/event-stream"
    events = bytes(heard.body).split(b"\n\n")
    assert events[-2:] == [b"data: [DONE]", b""]
    chunks = [json.loads(event.removeprefix(b"data: ")) for event in events[:-2]]
    assert "".join(each["choices"][0]["delta"].get("content") or "" for each in chunks) == "Hello"
    assert [each["choices"][0]["finish_reason"] for each in chunks][-1] == "stop"


async def test_a_refusal_keeps_its_status_and_retry_after_and_shows_no_key(ask, scripted) -> None:
    wrong = {"error": {"message": "Rate limit reached for sk-s3cret", "type": "requests", "code": "rate_limit_exceeded"}}
    scripted.answers.append(answer(429, wrong, retry_after="7"))
    heard = await ask({"messages": MESSAGES})
    assert heard.status == 429
    assert dict(heard.headers)[b"retry-after"] == b"7"
    assert "Rate limit reached" in json.loads(heard.body)["error"]["message"]
    assert b"s3cret" not in heard.body
    assert len(scripted.asked) == 1, "retries are the gateway's"


async def test_an_error_within_a_stream_never_ends_it_as_whole(ask, scripted) -> None:
    scripted.answers.append(stream([chunk(delta={"content": "Hel"}), b'data: {"error": {"message": "overloaded"}}\n\n']))
    heard = await ask({"messages": MESSAGES, "stream": True})
    assert b"[DONE]" not in heard.body
    assert b'"error"' in heard.body or heard.failure is not None


async def test_a_stream_that_dies_never_ends_as_whole(ask, scripted) -> None:
    scripted.answers.append(stream([chunk(delta={"content": "Hel"})], ends=False))
    heard = await ask({"messages": MESSAGES, "stream": True})
    assert b"[DONE]" not in heard.body
    assert b'"error"' in heard.body or heard.failure is not None


async def test_embeddings_come_back_in_openai_s_form(ask, scripted) -> None:
    vectors = {"object": "list", "model": "gpt-x", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 1.0]}]}
    scripted.answers.append(answer(body=vectors | {"usage": {"prompt_tokens": 1, "total_tokens": 1}}))
    heard = await ask({"input": ["a"]}, door="embedding")
    assert json.loads(heard.body)["data"][0]["embedding"] == [0.5, 1.0]


async def test_what_the_client_may_not_say_is_refused_unasked(ask, scripted) -> None:
    heard = await ask({"messages": MESSAGES, "api_base": "http://127.0.0.1:1"})
    assert heard.status == 400
    assert "'api_base'" in json.loads(heard.body)["error"]["message"]
    assert scripted.asked == []
