import pytest

from stoa.adapters.engines.evidence import NumberedPassage
from stoa.adapters.engines.whole import asks_for_all, whole

LEVELS = """## Severity levels

| Level | Meaning |
|---|---|
| S1 | Patients are at risk |
| S2 | Data has leaked |

An incident that touches a laboratory is at least of level S2."""
SUPPLIERS = """supplier: Halbrook; supplies: glass vials; status: approved
supplier: Tresco; supplies: inhalers; status: approved
supplier: Ostrel; supplies: glass rods; status: blocked"""
STEPS = "## Steps to approval\n\n1. Describe the need.\n2. Obtain offers."
FURTHER = "3. Plan the audit.\n4. Sign the agreement."
RULES = "## Booking rules\n\n- Book 21 days ahead.\n- Cancel in time."

PASSAGES = [
    NumberedPassage(1, "Incident plan > Severity levels", LEVELS),
    NumberedPassage(2, "approved suppliers", SUPPLIERS),
    NumberedPassage(3, "Qualification > Steps to approval", FURTHER),
    NumberedPassage(4, "Booking of instruments > Booking rules", RULES),
    NumberedPassage(5, "Qualification > Steps to approval", STEPS.partition("\n\n")[2]),
]


def said(question: str, passages: list[NumberedPassage] = PASSAGES) -> list[tuple[str, int]]:
    return [(quote.text, quote.number) for quote in whole(question, passages)]


@pytest.mark.parametrize(
    "question", ["What are the severity levels?", "Give me a table of the severity levels", "List all levels"]
)
def test_a_table_answers_a_question_for_all_that_stands_below_its_heading(question: str) -> None:
    assert said(question) == [("Level: S1; Meaning: Patients are at risk", 1), ("Level: S2; Meaning: Data has leaked", 1)]


def test_the_rows_that_have_the_other_words_answer() -> None:
    assert [number for _, number in said("Which suppliers are there for glass?")] == [2, 2]
    assert said("Which suppliers have glass vials?") == [("supplier: Halbrook; supplies: glass vials; status: approved", 2)]


def test_a_word_that_most_rows_have_but_not_all_tells_the_rows_apart_though_the_title_has_it_too() -> None:
    assert [text.split(";")[0] for text, _ in said("List the approved suppliers")] == ["supplier: Halbrook", "supplier: Tresco"]


def test_a_list_that_was_cut_is_put_together_by_its_numbers() -> None:
    assert said("What are the steps to approval?") == [
        ("Describe the need.", 5),
        ("Obtain offers.", 5),
        ("Plan the audit.", 3),
        ("Sign the agreement.", 3),
    ]


def test_how_something_is_done_is_answered_by_steps_only() -> None:
    assert said("How do I get an approval?") == []
    assert [number for _, number in said("How do we do an approval?")] == [5, 5, 3, 3]
    assert said("How do I book an instrument?") == []
    assert [number for _, number in said("What are the booking rules?")] == [4, 4]


@pytest.mark.parametrize(
    "question",
    [
        "List the approved suppliers in Germany",  # nothing tells of Germany
        "How many severity levels are there?",  # not asked for all of them
        "What are the opening hours?",
        "List everything",
        "What are the levels of noise in Oldhaven?",
    ],
)
def test_what_fits_only_half_is_left_to_the_sentences(question: str) -> None:
    assert said(question) == []


def test_a_table_that_is_too_long_is_no_answer() -> None:
    rows = "\n".join(f"supplier: S{at}; status: approved" for at in range(21))
    assert said("List all suppliers", [NumberedPassage(1, "suppliers", rows)]) == []


def test_the_table_that_has_the_words_in_its_heading_goes_before_the_one_with_them_in_its_columns() -> None:
    recovery = NumberedPassage(1, "Plan > Recovery list", "| Order | System |\n|---|---|\n| 1 | Safety |\n| 2 | Release |")
    systems = NumberedPassage(2, "Glossary > Systems", "| Name | Use |\n|---|---|\n| Pebble | Claims |\n| Wayfare | Travel |")
    assert [number for _, number in said("Which systems are there?", [recovery, systems])] == [2, 2]


def test_which_questions_ask_for_all() -> None:
    assert asks_for_all("please list the sites")
    assert asks_for_all("Which rooms have a screen?")
    assert not asks_for_all("Who leads the site?")
