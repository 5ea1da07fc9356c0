"""What is found out about a document from its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.documents import Heading, ParsedDocument
from stoa.knowledge.traits.dates import date_said, dates_in
from stoa.knowledge.traits.enrich import enrich
from stoa.knowledge.traits.entities import entities_of
from stoa.knowledge.traits.keywords import keywords_of
from stoa.knowledge.traits.language import language_of


def even(_: str) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("on 14 March 2026 and March 14, 2026", ("2026-03-14",)),
        ("am 3. März 2026, le 1er août 2024, 12 de mayo de 2025", ("2024-08-01", "2025-05-12", "2026-03-03")),
        ("2026-03-14T10:00 or 2026-04", ("2026-03-14", "2026-04")),
        ("since April 2025", ("2025-04",)),
        ("14.03.2026 and 25/12/2025 and 12/25/2025", ("2025-12-25", "2026-03-14")),
        ("03/04/2026 may be either", ()),
        ("31 February 2026, 2026-13-01, room 2026, version 1.2.2026.4, part 7-2026-04-01", ()),
        ("we may 2026 times", ()),
    ],
)
def test_dates_are_found_where_there_is_one_way_to_read_them(text: str, dates: tuple[str, ...]) -> None:
    assert dates_in(text) == dates


@given(st.text(max_size=300))
def test_any_text_gives_dates_that_are_dates(text: str) -> None:
    assert all(len(found) in (7, 10) and "1900" <= found[:4] <= "2099" for found in dates_in(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Policy\n\n| Effective from | 1 July 2024 |\n\nThe form of 2 May 2023 is void.", "2024-07-01"),
        ("Last updated: 2026-03-14", "2026-03-14"),
        ("Stand: 03.04.2026", "2026-04-03"),
        ("The form of 2 May 2023 is void.", None),
    ],
)
def test_a_document_is_of_the_date_that_it_gives_itself(text: str, said: str | None) -> None:
    assert date_said(text) == said


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The committee meets four times a year and keeps minutes of what was said there.", "en"),
        ("Der Ausschuss tagt viermal im Jahr und führt Protokoll über alles, was dort gesagt wird.", "de"),
        ("Le comité se réunit quatre fois par an et tient un procès-verbal de ce qui y a été dit.", "fr"),
        ("Hello there", None),
        ("4711 0815 2026 " * 20, None),
    ],
)
def test_a_language_is_named_where_there_is_no_doubt(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_keywords_are_what_is_said_often_and_everywhere_and_is_rare_elsewhere() -> None:
    common = {"company", "people", "year"}
    filler = "The company and its people meet every year. "
    text = "".join(f"{filler}The fume hood is tested. Fume hood number {n} is safe. " for n in range(20))
    found = keywords_of(text, ["Laboratory safety"], rarity=lambda word: 0.3 if word in common else 1.0)
    assert found[0] == "fume hood"
    assert "laboratory safety" in found
    assert not common & set(found[:2])


def test_entities_are_written_as_the_text_writes_them_and_words_that_begin_sentences_are_none() -> None:
    text = (
        "Travel is booked by Ada Lovelace. Ask Ada Lovelace or the office in Port Ansel. Travel to Port Ansel needs "
        "form HR-12.\nMeals are paid. We buy from Clearwell, and Clearwell delivers. On Monday we rest."
    )
    assert set(entities_of(text, language="en")) == {"Ada Lovelace", "Port Ansel", "HR-12", "Clearwell"}


def test_german_nouns_are_no_names() -> None:
    text = "Wir fragen den Ausschuss. Der Ausschuss fragt Frau Ada Weber. Dann hilft Ada Weber dem Ausschuss."
    assert "Ausschuss" not in entities_of(text, language="de")


def test_traits_name_the_kinds_of_personal_data_and_never_the_data() -> None:
    parsed = ParsedDocument(
        title="Contacts", text="Write to ada@example.org or pay to DE89 3704 0044 0532 0130 00.",
        headings=(Heading(0, 5, 1, "Write"),), unread=(3,), notes=("Page 3 was not read.",), reader="pypdfium2 5",
    )  # fmt: skip
    traits = enrich(parsed, path="HR/Contacts.PDF", rarity=even)
    assert traits.personal == ("EMAIL_ADDRESS", "IBAN_CODE")
    assert "ada@" not in repr(traits)
    assert "3704" not in repr(traits)
    assert (traits.kind, traits.unread, traits.notes, traits.reader) == ("pdf", (3,), ("Page 3 was not read.",), "pypdfium2 5")


def test_a_table_of_dates_has_the_date_of_its_file() -> None:
    parsed = ParsedDocument(title="", text="Date: 2020-01-01; Item: x", kind="rows", date="2026-03-14")
    assert enrich(parsed, path="a.xlsx", rarity=even).date == "2026-03-14"


@given(st.text(max_size=400))
def test_any_text_has_traits(text: str) -> None:
    enrich(ParsedDocument(title="", text=text), path="a", rarity=even)
