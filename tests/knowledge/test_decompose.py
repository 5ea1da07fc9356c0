"""Questions that ask several things, as people write them."""

import pytest

from stoa.knowledge.decompose import MOST_PARTS, decompose


@pytest.mark.parametrize(
    "question",
    [
        "How long are backups kept?",
        "Which rules apply to visitors and contractors in the laboratory?",
        "What is the difference between sick leave and parental leave?",
        "Were Allure and Today's Housewife founded in the same century?",
        "Who is the author of War and Peace?",
        "How long is it kept and why?",
        "What happens when I lose my laptop and my phone?",
        "parental leave in Germany",
        "Wie viele Urlaubstage habe ich und wer genehmigt sie?",
        "I was in Berlin. What may a hotel cost?",
        "Does version 2.5. of the policy hold?",
        "?",
        "",
    ],
)
def test_a_question_that_asks_one_thing_is_one_part(question: str) -> None:
    assert list(decompose(question)) == [question]


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "When was Halbrook Glass last audited, and how often are critical suppliers audited on site?",
            ["When was Halbrook Glass last audited?", "how often are critical suppliers audited on site?"],
        ),
        (
            "How long is the probation period? And how much is the childcare allowance per month?",
            ["How long is the probation period?", "how much is the childcare allowance per month?"],
        ),
        (
            "How much do I get per kilometre for my private car, and within how many days must the travel claim be filed?",
            ["How much do I get per kilometre for my private car?", "within how many days must the travel claim be filed?"],
        ),
        (
            "Is the canteen open on Friday evenings or are the vending machines filled at night?",
            ["Is the canteen open on Friday evenings?", "are the vending machines filled at night?"],
        ),
        (
            "Tell me the hotel limit for Berlin and who approves business class flights.",
            ["Tell me the hotel limit for Berlin?", "who approves business class flights?"],
        ),
    ],
)
def test_each_thing_asked_is_a_part(question: str, parts: list[str]) -> None:
    assert list(decompose(question)) == parts


def test_a_part_that_points_back_takes_along_what_it_points_to() -> None:
    first, second = decompose("What is the maximum dose of Cardelva, and how quickly does it act?")
    assert first == "What is the maximum dose of Cardelva?"
    assert second == "how quickly does it act? (maximum dose Cardelva)"


def test_what_is_told_first_goes_along_where_it_is_needed() -> None:
    parts = decompose("I lost my laptop in Oslo. Who do I tell about it, and how long does the claim form take to be settled?")
    assert "laptop" in parts[0]
    assert parts[1] == "how long does the claim form take to be settled?"


def test_so_many_things_are_searched_for_and_no_more() -> None:
    assert len(decompose(" ".join(f"How long is the warranty of product {n}?" for n in range(20)))) == MOST_PARTS


def test_any_text_takes_little_time() -> None:
    for piece in ("and how ", "a.b", "? ", ". ", "what and ", "x;"):
        assert decompose(piece * 20_000)
