import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.engines.question import parts


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How many days of leave do I get?", ["How many days of leave do I get?"]),
        ("annual leave", ["annual leave"]),
        (
            "I took my car. What do I get for each kilometre, and how long do I have to put in the claim?",
            ["What do I get for each kilometre", "how long do I have to put in the claim?"],
        ),
        (
            "Who approves travel requests and when are they paid out?",
            ["Who approves travel requests", "when are they paid out?"],
        ),
        (
            "What is paid for a mile, and within how many days must I claim it?",
            ["What is paid for a mile", "within how many days must I claim it?"],
        ),
        ("Does it need salt and pepper?", ["Does it need salt and pepper?"]),
        ("Hackers demand a ransom. Why?", ["Hackers demand a ransom. Why?"]),
        ("Is the lab open on Sunday? Why not?", ["Is the lab open on Sunday? Why not?"]),
    ],
)
def test_a_question_falls_into_what_it_asks(question: str, asked: list[str]) -> None:
    assert [part.text for part in parts(question)] == asked


@given(st.text())
def test_every_part_is_a_range_of_the_question(question: str) -> None:
    found = parts(question)
    assert found
    assert all(part.text == question[part.start : part.end].strip() or part.text == question for part in found)
