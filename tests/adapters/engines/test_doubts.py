import pytest

from stoa.adapters.engines.doubts import excluded, unmet


@pytest.mark.parametrize(
    ("question", "met", "lacking"),
    [
        ("What percentage of seats is free?", "Of all seats 12 % stay free.", "Of all seats 12 stay free."),
        ("How much does the course cost?", "It costs EUR 40.", "The course costs little."),
        ("How often is the hood tested?", "It is tested every month.", "It is tested by a contractor."),
        ("How long did the flight last?", "The flight lasted 108 minutes.", "The flight took place on 12 April 1961."),
        ("How high is the tower?", "The tower is 40 m high.", "The tower was built in 1961."),
        ("When was the line opened?", "It was opened in May.", "It was opened by the mayor."),
        ("In which year was the line opened?", "It was opened in 1904.", "It was opened by the mayor."),
        ("Who designed the coin?", "The coin is by Emma Lane.", "The coin is made of silver."),
        ("Who approves leave?", "The line manager approves it.", "Leave is approved beforehand."),
        ("Who is called first?", "The fire brigade is called first.", "A call comes first."),
        ("Whom do I call about a leak?", "Call 3344.", "A leak is dangerous."),
        ("How many trees were planted?", "The town planted 200 trees.", "The town planted trees in 1901."),
        (
            "How many trees were planted?",
            "Of the trees 200 were planted.",
            "The 12 houses at the end of the street have trees.",
        ),
    ],
)
def test_what_answers_holds_the_kind_of_thing_that_is_asked_for(question: str, met: str, lacking: str) -> None:
    assert not unmet(question, met)
    assert unmet(question, lacking)


def test_somebody_whom_the_question_names_is_not_who_is_asked_for() -> None:
    assert unmet("Who edited the diaries of Louis Marchand?", "In 1955 the diaries of Louis Marchand came out.")


def test_a_question_that_could_have_any_answer_is_met_by_anything() -> None:
    assert not unmet("How do I report a leak?", "Leaks are reported at the desk.")
    assert not unmet("How many times did they play together?", "They played together on seven occasions.")


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("When is the winter fair?", "The summer fair is in June.", True),
        ("When is the winter fair?", "The winter fair is in January, the summer fair in June.", False),
        ("When is the fair?", "The summer fair is in June.", False),
        ("What do they do when they march?", "They met in August.", False),
        ("What is the minimum order?", "The maximum order is 20 packs.", True),
    ],
)
def test_a_word_that_excludes_the_one_asked_for_speaks_against_a_sentence(question: str, text: str, expected: bool) -> None:
    assert excluded(question, text) is expected
