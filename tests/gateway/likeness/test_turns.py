"""Which part of a request is the question, and when there is none."""

import json
from typing import Any

import pytest

from stoa.gateway.likeness.turns import question

CHAT = "/v1/chat/completions"


def chat(*turns: Any, **fields: Any) -> bytes:
    return json.dumps({"model": "small", "messages": [{"role": "user", "content": "hello"}, *turns], **fields}).encode()


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def test_the_last_turn_is_the_question_and_all_else_is_one_digest() -> None:
    one, other = question(chat(user("Why?"), top_p=0.5), CHAT), question(chat(user("How?"), top_p=0.5), CHAT)
    assert one is not None
    assert other is not None
    assert (one.text, other.text) == ("Why?", "How?")
    assert one.rest == other.rest


@pytest.mark.parametrize(
    "body",
    [
        chat(user("Why?"), top_p=0.6),
        chat({"role": "assistant", "content": "hello"}, user("Why?")),
        chat({"role": "system", "content": "You are a pirate."}, user("Why?")),
        chat({"role": "user", "name": "anna", "content": "Why?"}),
        chat(user("Why?"), response_format={"type": "json_object"}),
    ],
)
def test_whatever_else_differs_makes_another_digest(body: bytes) -> None:
    plain, other = question(chat(user("Why?")), CHAT), question(body, CHAT)
    assert plain is not None
    assert other is not None
    assert other.rest != plain.rest


def test_how_the_answer_is_sent_and_parts_of_text_make_no_difference() -> None:
    plain = question(chat(user("Why?")), CHAT)
    assert question(chat(user("Why?"), stream=True), CHAT) == plain
    assert question(chat(user([{"type": "text", "text": "Why?"}])), CHAT) == plain


def test_the_form_of_the_request_is_a_part_of_the_digest() -> None:
    messages, responses = (
        question(chat(user("Why?")), "/v1/messages"),
        question(b'{"model":"small","input":"Why?"}', "/v1/responses"),
    )
    assert messages is not None
    assert responses is not None
    assert messages.text == responses.text == "Why?"
    assert len({messages.rest, responses.rest}) == 2


@pytest.mark.parametrize(
    "body",
    [
        chat({"role": "assistant", "content": "hello"}),
        chat(user([{"type": "image_url", "image_url": {"url": "data:,"}}, {"type": "text", "text": "Why?"}])),
        chat(user([{"type": "image_url", "image_url": {"url": "data:,"}}]), user("Why?")),
        chat({"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}, user("Why?")),
        chat({"role": "assistant", "content": "x", "tool_calls": [{"id": "1"}]}, user("Why?")),
        chat({"role": "tool", "content": "x", "tool_call_id": "1"}, user("Why?")),
        chat(user(None)),
        chat("Why?"),
        chat(user([{"type": "text", "text": 5}])),
    ],
)
def test_what_is_not_words_alone_holds_no_question(body: bytes) -> None:
    assert question(body, CHAT) is None


def test_an_embedding_is_never_a_question() -> None:
    assert question(b'{"model":"small","input":"Why?"}', "/v1/embeddings") is None
    assert question(b'{"model":"small","prompt":"Why?"}', "/v1/completions") is None
