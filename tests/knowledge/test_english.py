import pytest

from stoa.knowledge.english import subject


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("How many days of holiday do I get?", "days of holiday"),
        ("What does Insuvara cost?", "Insuvara cost"),
        ("In May, who is Will's deputy?", "In May Will's deputy"),
        ("May I fly business class?", "fly business class"),
        ("expenses", "expenses"),
    ],
)
def test_a_question_is_about_the_words_that_it_is_not_put_with(question: str, about: str) -> None:
    assert subject(question) == about


@pytest.mark.parametrize("question", ["how do you do?", "???"])
def test_where_nothing_would_be_left_all_of_it_counts(question: str) -> None:
    assert subject(question) == question


def test_other_languages_keep_their_words() -> None:
    assert subject("Wie viele Urlaubstage habe ich?") == "Wie viele Urlaubstage habe ich"
