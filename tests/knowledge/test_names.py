"""Names in texts, by rules."""

import pytest

from stoa.knowledge.names import MOST, fold, names_in, names_of, opening_of


@pytest.mark.parametrize(
    ("text", "there", "not_there"),
    [
        (
            "It runs through New York State to Hoosick, where it goes on.",
            {"new york state", "new york", "hoosick"}, {"it", "to hoosick", "hoosick where"},
        ),
        ("The terminus of Route 67 is in St. Johnsville. In 1990 it moved.", {"route 67", "johnsville"}, {"1990", "67", "the"}),
        ("Condé Nast’s editor, Linda Wells", {"conde nast", "linda wells", "wells"}, {"conde nast's"}),
        ("The Department of Health and Care said so.", {"department of health and care", "department"}, {"of health"}),
        ("he spoke to nobody about anything.", set(), {"he"}),
        ("Form HR-7 and the ISO 9001 audit", {"form hr-7", "hr-7", "iso 9001", "iso"}, {"9001"}),
        ("Lions\nTigers", {"lions", "tigers"}, {"lions tigers"}),
        ("", set(), set()),
    ],
)  # fmt: skip
def test_capitals_and_numbers_with_words_are_names(text: str, there: set[str], not_there: set[str]) -> None:
    found = names_in(text)
    assert there <= found
    assert not found & not_there


def test_a_list_of_people_keeps_the_first() -> None:
    text = ". ".join(f"Person{chr(65 + n % 26)}{n}" for n in range(500))
    assert len(names_in(text)) == MOST
    assert "persona0" in names_in(text)


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Allure (magazine)", {"allure", "allure magazine"}),
        ("Hoosick, New York", {"hoosick", "hoosick new york"}),
        ("The Road: A Novel", {"road", "road a novel"}),
        ("Today's Housewife", {"today housewife"}),
        ("17", set()),
        ("", set()),
    ],
)
def test_a_title_is_what_something_is_called(title: str, names: set[str]) -> None:
    assert names_of(title) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hoosick is a town in Rensselaer County.", {"hoosick"}),
        ("The Smashing Pumpkins (formed 1988) are a band.", {"smashing pumpkins"}),
        ("In 1990 nothing happened.", set()),
        ("nothing with capitals", set()),
    ],
)
def test_what_a_text_begins_with_is_what_it_is_about(text: str, names: set[str]) -> None:
    assert opening_of(text) == names


def test_two_ways_to_write_a_word_are_one() -> None:
    assert fold("Condé") == fold("CONDE") == "conde"
    assert fold("Gurr’s") == fold("Gurr's") == "gurr"
    assert fold("U.S.") == "u.s"
