import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.gateway.routing.complexity import complexity, escalates


def level(*messages: object, **fields: object) -> float:
    turns = [each if isinstance(each, dict) else {"role": "user", "content": each} for each in messages]
    return complexity(json.dumps({"model": "m", "messages": turns, **fields}).encode())


SIMPLE = [
    "Hello!", "What is the capital of France?", "Wie spät ist es in Tokio?", "Translate 'good morning' to Spanish.",
    "Merci beaucoup", "Who wrote Faust?", "こんにちは",
]  # fmt: skip
HARD = [
    "Prove that the square root of 2 is irrational, and explain why each step follows.",
    "Compare PostgreSQL and MySQL and evaluate the trade-offs for a bank.",
    "Begründe Schritt für Schritt, warum $$\\sum_{k} 1/k$$ divergiert.",
    "Refactor this and find the root cause:\n```python\ndef f(x):\n    return x\n```",
    "Answer each:\n1. What is a monad? Analyze it.\n2. Derive the law.\n3. Give an example.",
    "证明根号二是无理数，并分析每一步。",
]


@pytest.mark.parametrize("text", SIMPLE)
def test_a_simple_request_begins_with_the_smaller_of_two(text: str) -> None:
    assert level(text) < 0.5


@pytest.mark.parametrize("text", HARD)
def test_a_hard_one_begins_with_the_larger(text: str) -> None:
    assert level(text) >= 0.5


@pytest.mark.parametrize(
    ("messages", "fields", "points"),
    [
        (["x" * 500], {}, 0.0),
        (["x" * 1000], {}, 0.05),
        (["x" * 100_000], {}, 0.25),
        (["a", "b", "c", "d", "e"], {}, 0.04),
        (["a"] * 40, {}, 0.10),
        (["```\nx\n```"], {}, 0.20),
        (["∫ f"], {}, 0.15),
        (["a? b?"], {}, 0.10),
        (["a? b? c?"], {}, 0.20),
        (["compare a and b"], {}, 0.25),
        (["compare, compare, compare"], {}, 0.25),
        (["compare and evaluate"], {}, 0.50),
        (["x"], {"tools": [{"type": "function"}]}, 0.15),
        (["x"], {"response_format": {"type": "json_schema"}}, 0.15),
        (["x"], {"response_format": {"type": "text"}, "tools": []}, 0.0),
    ],
)
def test_each_sign_adds_its_points(messages: list[str], fields: dict[str, object], points: float) -> None:
    assert level(*messages, **fields) == pytest.approx(points, abs=0.001)


def test_all_signs_together_are_no_more_than_one() -> None:
    everything = "prove, compare and evaluate ∫? a? b? ```def f```" + "x" * 20_000
    assert level(*["x"] * 20, everything, tools=[{}]) == 1.0


def test_signs_are_looked_for_in_the_last_message_and_length_in_all() -> None:
    assert level("prove and compare", "thanks") == 0.0
    assert level("x" * 16_000, "thanks") == 0.25


def test_content_in_parts_is_read() -> None:
    parts = [
        {"type": "text", "text": "Prove it and"},
        {"type": "image_url", "image_url": {}},
        {"type": "text", "text": "compare."},
    ]
    assert level({"role": "user", "content": parts}) == pytest.approx(0.5)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"messages":3}', b"\xff", b'{"messages":' + b"[" * 10_000])
def test_a_body_that_cannot_be_read_is_in_the_middle(body: bytes) -> None:
    assert complexity(body) == 0.5


@given(texts=st.lists(st.text(max_size=300), max_size=5))
def test_a_level_is_from_nought_to_one(texts: list[str]) -> None:
    assert 0 <= level(*texts) <= 1


NO_ANSWERS = [
    "", "  \n", "I'm sorry, but I can't help with that.", "I don't know.", "I cannot answer this.",
    "Unfortunately I'm unable to.",
    "Es tut mir leid, das kann ich nicht beantworten.", "Je ne sais pas.", "Lo siento, no lo sé.",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_ANSWERS)
def test_no_answer_escalates(text: str) -> None:
    assert escalates("stop", text, None)


@pytest.mark.parametrize("text", ["Paris.", "No.", "42", "Sorry for the delay: the meeting is at noon.", "I can. Here it is."])
def test_an_answer_does_not(text: str) -> None:
    assert not escalates("stop", text, None)


def test_a_long_answer_that_begins_with_regret_is_one() -> None:
    assert not escalates("stop", "I'm sorry, I can't be sure, but here is what is known: " + "x" * 300, None)


def test_what_was_cut_off_or_refused_escalates() -> None:
    assert escalates("length", "The answer begins with", None)
    assert escalates("stop", "", "I will not.")


@pytest.mark.parametrize("finish", ["tool_calls", "function_call", "content_filter"])
def test_a_call_of_tools_is_an_answer_and_a_filter_stops_larger_models_too(finish: str) -> None:
    assert not escalates(finish, None, None)
