"""What each format's reader makes of a file, and what it says of one that it cannot read."""

import io

import pytest
from tests.adapters.parsers.drawn import line, pdf

from stoa.adapters.parsers.read import read
from stoa.errors import Unreadable

LONG = "This sentence is long enough to fill the whole width of the page, as paragraphs do, and it then"


def test_a_pdf_gives_headings_by_size_paragraphs_and_pages() -> None:
    first = line(780, "Travel policy", size=20) + line(740, LONG) + line(727, "goes on in the next line.")
    second = line(780, "Trains", size=14) + line(760, "Second class is booked.")
    document = read(pdf(first, second), "x.pdf")
    assert document.title == "Travel policy"
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Travel policy"), (2, "Trains")]
    assert f"{LONG} goes on in the next line." in document.text
    assert [document.page_at(document.text.index(words)) for words in ("Travel", "goes on", "Second")] == [1, 1, 2]


def test_a_table_in_a_pdf_becomes_rows_of_cells_even_when_cells_wrap() -> None:
    drawn = line(800, "Some words about doses.") + "".join(
        line(y, words, x=x)
        for y, x, words in [
            (700, 72, "Name"), (700, 200, "Dose"), (700, 350, "Remark"),
            (680, 72, "Cardelva"), (680, 200, "50 mg"), (680, 350, "with water and"), (668, 350, "in the morning"),
            (650, 72, "Insuvara"), (650, 200, "10 units"), (650, 350, "cold"),
        ]
    )  # fmt: skip
    text = read(pdf(drawn), "x.pdf").text
    assert "| Name | Dose | Remark |\n| --- | --- | --- |" in text
    assert "| Cardelva | 50 mg | with water and in the morning |" in text
    assert "| Insuvara | 10 units | cold |" in text


def test_running_heads_of_a_pdf_are_left_out() -> None:
    pages = [
        line(820, "ACME confidential") + "".join(line(700 - 40 * n, f"{word} text, part {n}.") for n in range(4))
        + line(20, f"Page {page} of 3")
        for page, word in enumerate(("First", "Second", "Third"), 1)
    ]  # fmt: skip
    text = read(pdf(*pages), "x.pdf").text
    assert "ACME" not in text
    assert "Page 2" not in text
    assert all(f"{word} text, part {n}." in text for word in ("First", "Second", "Third") for n in range(4))


def test_metadata_names_a_pdf_unless_it_is_a_file_name() -> None:
    assert read(pdf(line(700, "Words."), title="Annual report"), "x.pdf").title == "Annual report"
    assert read(pdf(line(700, "Words."), title="Microsoft Word - draft.docx"), "x.pdf").title == ""


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pdf", pdf(line(700, "Secret."), encrypted=True), "encrypted"),
        ("a.pdf", b"%PDF-1.7\ngarbage", "broken"),
        ("a.pdf", pdf(""), "scanned"),
        ("a.docx", b"PK\x03\x04 cut off", "broken"),
        ("a.docx", b"\xd0\xcf\x11\xe0 encrypted package", "encrypted"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0 encrypted package", "encrypted"),
        ("a.xlsx", b"not a zip", "broken"),
        ("a.pptx", b"", "empty"),
        ("a.txt", b"ab\0cd", "binary"),
        ("a.md", b"  \n\n ", "No text"),
        ("a.doc", b"x", "save it as .docx"),
        ("a.exe", b"MZ", "cannot be read; use PDF"),
        ("noending", b"x", "without an ending"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read(data, name)


def test_markdown_keeps_its_text_and_takes_its_title_from_the_front_matter() -> None:
    document = read(b"---\ntitle: Plan\nowner: me\n---\n\n# First\n\n```\n# no heading\n```\n\nSecond\n------\n", "plan.md")
    assert document.title == "Plan"
    assert document.text.startswith("# First")
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "First"), (2, "Second")]


def test_a_page_loses_what_stands_on_every_page() -> None:
    html = b"""<html><head><title>IT rules - Inside</title><script>track()</script></head><body><header><a>Home</a></header>
    <nav>News</nav><h1>IT rules</h1><p>Lock the <b>screen</b>.</p><div hidden>draft</div><dl><dt>Version</dt><dd>5</dd></dl>
    <table><tr><th>Class</th><th>Where</th></tr><tr><td>Public</td><td>Anywhere</td></tr></table>
    <footer>Imprint</footer></body></html>"""
    document = read(html, "it.html")
    assert document.title == "IT rules"
    assert "Lock the **screen**." in document.text
    assert "Version: 5" in document.text
    assert "| Public | Anywhere |" in document.text
    assert not [gone for gone in ("track", "Home", "News", "draft", "Imprint") if gone in document.text]


def test_csv_rows_carry_the_names_of_their_columns() -> None:
    document = read("Supplier;Score\nNorrask;91\nHalbrook;\n".encode("utf-8-sig"), "s.csv")
    assert document.text == "Supplier: Norrask; Score: 91\nSupplier: Halbrook"


def test_a_table_without_names_for_its_columns_has_its_rows_as_they_are() -> None:
    assert read(b"Basel,12.5\nGhent,7.1\nLyon,3\n", "s.csv").text == "Basel; 12.5\nGhent; 7.1\nLyon; 3"
    assert read(b"Site,2025,2026\nBasel,12.5,13\n", "s.csv").text == "Site: Basel; 2025: 12.5; 2026: 13"


def test_a_table_of_countless_cells_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 5,000,000 cells"):
        read(b"," * 5_000_001 + b"\n", "s.csv")


def test_a_pdf_whose_table_of_places_is_broken_is_read_all_the_same() -> None:
    broken = pdf(line(700, "Words that are still there.")).replace(b"startxref\n", b"startxref\n9")
    assert read(broken, "x.pdf").text == "Words that are still there."


def test_sheets_are_sections_and_their_header_is_found_below_a_title() -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Budget"
    for row in (["Budget 2026, draft"], [], ["Item", "Amount"], ["Sales", 2995.0], ["Cost", 12.5]):
        sheet.append(row)
    saved = io.BytesIO()
    book.save(saved)
    document = read(saved.getvalue(), "b.xlsx")
    assert document.text == "Budget\nBudget 2026, draft\nItem: Sales; Amount: 2995\nItem: Cost; Amount: 12.5"
    assert [heading.text for heading in document.headings] == ["Budget"]


def test_text_of_any_encoding_is_read_and_cleaned() -> None:
    assert read("Käse".encode("utf-16"), "a.txt").text == "Käse"
    assert read("Die Küche hat schöne Möbel für größere Gäste.".encode("cp1252"), "a.txt").text.startswith("Die Küche")
    assert read("a\u200bb\r\nc\u00a0d\x07".encode(), "a.txt").text == "ab\nc d"


def test_source_code_is_text_as_it_is() -> None:
    assert read(b"def f():\n    return 1\n", "pkg/f.py").kind == "code"
    assert read(b"FROM scratch\n", "Dockerfile").kind == "code"
