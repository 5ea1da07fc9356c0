import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.engines.markup import clean
from stoa.adapters.engines.sentences import Unit, split_sentences, units


@pytest.mark.parametrize(
    "sentences",
    [
        ["Dr. Holt certifies batches.", "She is on leave."],
        ["It costs approx. 3.5 EUR, e.g. in Port Ansel.", "No. 5 opens at 5 p.m. on Monday."],
        ["J. K. Rowling wrote it.", "He asked: “Why?”", "Nobody knew!"],
        ["Version 3.2 of the U.S. form applies…", "It is new."],
        ["It is opposite building C.", "Drills are held there.", "See J. Holt in section 4."],
        ["1,140 people work here.", "2 sites are abroad.", '"Quoted," she said.'],
    ],
)
def test_running_text_is_cut_at_the_ends_of_sentences(sentences: list[str]) -> None:
    assert split_sentences(" ".join(sentences)) == sentences


def test_a_sentence_that_points_back_knows_what_stands_before_it() -> None:
    text = "Pavel Rook leads the site. He also leads logistics. In 2019, he moved to Carrow Mill. Mira Reed is his deputy."
    assert [unit.before for unit in units(text)] == [
        "",
        "Pavel Rook leads the site.",
        "Pavel Rook leads the site. He also leads logistics.",
        "",
    ]


def test_what_a_long_text_points_back_to_is_the_sentence_before_alone() -> None:
    first = f"The site {'with many halls ' * 20}is old."
    assert [unit.before for unit in units(f"{first} It is large. It is also quiet.")] == ["", first, "It is large."]


def test_under_another_heading_nothing_is_pointed_back_to() -> None:
    assert [unit.before for unit in units("# Pens\nA pen has four doses.\n\n# Storage\nIt is kept cold.")] == ["", ""]


def test_a_question_is_the_context_of_the_answer_below_it() -> None:
    assert units("May I bring a guest? Only into the canteen.") == [
        Unit("Only into the canteen.", "May I bring a guest?", "sentence")
    ]


def test_wrapped_lines_are_one_sentence() -> None:
    assert units("Leave is requested\nin the portal. It is\napproved there.") == [
        Unit("Leave is requested in the portal.", "", "sentence"),
        Unit("It is approved there.", "", "sentence", "Leave is requested in the portal."),
    ]


def test_a_heading_is_no_answer_but_the_context_of_what_follows() -> None:
    assert units("# Leave\n\n## Annual leave ##\nThere are 28 days.") == [
        Unit("There are 28 days.", "Annual leave", "sentence")
    ]


def test_a_short_line_without_an_end_is_a_heading_when_text_follows() -> None:
    assert units("Air and rail\n\nEconomy class is the standard.") == [
        Unit("Economy class is the standard.", "Air and rail", "sentence")
    ]
    assert units("Henrike Dalmann, Chief Executive") == [Unit("Henrike Dalmann, Chief Executive", "", "sentence")]


def test_items_keep_their_lead_in_and_a_short_list_is_there_as_a_whole() -> None:
    text = "Bring the following:\n\n- a passport, valid\n  for six months\n- a visa"
    assert units(text) == [
        Unit("Bring the following: a passport, valid for six months", "", "item"),
        Unit("Bring the following: a visa", "", "item"),
        Unit("Bring the following: a passport, valid for six months; a visa.", "", "list"),
    ]


def test_steps_that_a_parser_brings_as_paragraphs_lose_their_numbers() -> None:
    assert [unit.text for unit in units("1 Warn others.\n\n2 Call for help.\n\n3 Members wait outside.")] == [
        "Warn others.",
        "Call for help.",
        "Members wait outside.",
    ]
    assert next(unit.text for unit in units("12 Angry Men is a film.\n\nIts script is by Reginald Rose.")) == (
        "12 Angry Men is a film."
    )


def test_items_without_a_lead_in_stand_alone() -> None:
    assert units("1. Rinse the eye.\n2) Call the doctor.\n\n• Fill in the form.") == [
        Unit("Rinse the eye.", "", "item"),
        Unit("Call the doctor.", "", "item"),
        Unit("Fill in the form.", "", "item"),
    ]


def test_a_row_of_a_table_is_read_with_its_columns() -> None:
    text = "## Rates\n| Country | Rate | |\n|:--|--:|---|\n| Germany | **28 EUR** | x |\n| France | - | |"
    assert units(text) == [
        Unit("Country: Germany; Rate: 28 EUR; x", "Rates", "row"),
        Unit("Country: France", "Rates", "row"),
    ]


def test_a_row_cut_off_from_its_header_is_read_as_it_stands() -> None:
    assert units("| Germany | 28 EUR |") == [Unit("Germany; 28 EUR", "", "row")]


def test_bullets_that_a_parser_took_for_a_table_are_items() -> None:
    assert [unit.text for unit in units("| • | Economy class. |\n| --- | --- |\n| • | Second class. |")] == [
        "Economy class.",
        "Second class.",
    ]


def test_a_record_on_a_line_is_a_row() -> None:
    text = "room: B-214; owner: Reed; booked: yes\nroom: B-215; owner: Osman; booked: no"
    assert [(unit.text, unit.kind) for unit in units(text)] == [(line, "row") for line in text.splitlines()]


def test_a_question_is_no_answer() -> None:
    assert units("How long may a pallet stand on the dock?") == []


def test_markup_is_taken_off_and_words_stay() -> None:
    assert clean("See **Dr. _Holt_** in [the `QMS`](https://x.test/a_(b)) \\*now\\* snake_case 2 * 3") == (
        "See Dr. Holt in the QMS *now* snake_case 2 * 3"
    )


@given(st.text())
def test_any_text_can_be_cut(text: str) -> None:
    for unit in units(text):
        assert unit.text == unit.text.strip() != ""
        assert "\n" not in unit.text
