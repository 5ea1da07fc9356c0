import pytest

from stoa.adapters.engines.names import names, unnamed


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Who was mayor of New York during the Great Depression?", [["New", "York"], ["Great", "Depression"]]),
        ("What did Elizabeth join in 1946?", [["Elizabeth"], ["1946"]]),
        ("Connecticut Route 15 is next to which highway?", [["Connecticut", "Route", "15"]]),
        ("How long may a pallet stand on the dock?", []),
        ("Is 5 enough?", []),
    ],
)
def test_capitals_within_a_question_and_numbers_are_names(question: str, found: list[list[str]]) -> None:
    assert names(question) == found


def test_a_question_without_an_english_word_of_asking_has_no_names_that_capitals_tell() -> None:
    assert names("Wie viele Tage Urlaub haben Mitarbeiter?") == []


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What was Hungary's school like?", "Under the Hungarian system, children went to one school."),
        ("Who ruled in the 1980s?", "In 1985 nobody; in 1980 the king."),
        ("What did the United States ban?", "The US banned it."),
        ("What does the NC constitution require?", "North Carolina: In 1899 a new constitution was passed."),
        ("Who are the FCC's commissioners?", "The FCC has five."),
        ("What is the range of 12 cars?", "Twelve cars were driven."),
        ("Where is Gevaudan?", "The beast of Gévaudan lived in the mountains."),
        ("Who met the Portugese?", "A Portuguese fleet came."),
        ("How did the vote on Comcast-NBC end?", "Comcast bought NBC."),
    ],
)
def test_a_name_is_known_in_another_form(question: str, text: str) -> None:
    assert unnamed(question, text) == 0


@pytest.mark.parametrize(
    ("question", "share"),
    [
        ("Who was mayor of Chicago during the Great Depression?", 0.5),
        ("Who was mayor of Chicago?", 1.0),
        ("Who was mayor in 1929?", 1.0),
        ("Who was mayor?", 0.0),
    ],
)
def test_the_share_of_names_that_a_text_does_not_know(question: str, share: float) -> None:
    assert (
        unnamed(question, "New York: The years of the Great Depression, from 1930 on, saw the election of La Guardia.") == share
    )


def test_a_question_that_opens_with_were_or_has_names_as_well() -> None:
    assert names("Were Allure and Harper's founded in one year?") == [["Allure"], ["Harper's"]]
    assert names("Has Nordau a canteen?") == [["Nordau"]]
