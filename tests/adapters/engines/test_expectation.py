import pytest

from stoa.adapters.engines.expectation import expectation, fulfilment
from stoa.adapters.engines.words import stems


@pytest.mark.parametrize(
    ("question", "kind", "answer", "beside"),
    [
        ("How much is the allowance?", "amount", "It is EUR 400.", "It is paid to everybody."),
        ("How long must I rinse?", "measure", "Rinse for 15 minutes.", "Rinse it well."),
        ("How many pallets fit?", "number", "There is room for 640.", "There is room for more."),
        ("When is the audit?", "date", "It takes place on 19 January 2026.", "It takes place at the maker's."),
        ("Who runs the site?", "person", "Pavel Rook leads it.", "it is led well."),
        ("Where is the assembly point?", "place", "It is in Port Ansel.", "it is signposted."),
        ("Why is it locked?", "reason", "Because it holds solvents.", "It is always locked."),
    ],
)
def test_a_kind_of_question_expects_a_kind_of_answer(question: str, kind: str, answer: str, beside: str) -> None:
    expected = expectation(question)
    assert expected is not None
    assert expected.kind == kind
    known = frozenset(stems(question))
    assert fulfilment(expected, answer, known) == 1.0
    assert fulfilment(expected, beside, known) < 1.0


def test_a_question_that_could_have_any_answer_expects_nothing() -> None:
    assert expectation("Describe the process.") is None
    assert fulfilment(None, "Whatever.", frozenset()) == 0.5


def test_what_the_question_says_itself_is_no_answer() -> None:
    question = "Who was asked by Pavel Rook?"
    assert fulfilment(expectation(question), "Pavel Rook asked", frozenset(stems(question))) == 0.0
