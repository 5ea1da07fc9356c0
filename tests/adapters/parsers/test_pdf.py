"""PDF: what lines of letters at places are taken for."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters.parsers.drawn import grid, line, pdf, rule
from tests.thoroughness import examples

from stoa.adapters.parsers.pdf import compose
from stoa.adapters.parsers.pdf_words import Font, PageWords, Rule, Word
from stoa.adapters.parsers.read import read

SENTENCE = "The committee meets four times a year and keeps minutes of what"


def text_of(*pages: str) -> str:
    return read(pdf(*pages), "x.pdf").text


def test_two_columns_are_read_one_after_the_other_and_what_is_above_and_below_them_in_its_place() -> None:
    drawn = line(800, "A title that goes over the whole width of the page, as titles of papers do, and more")
    drawn += "".join(line(760 - 12 * n, f"left {n} of the first column is long", x=50) for n in range(12))
    drawn += "".join(line(754 - 12 * n, f"right {n} of the second column is so", x=320) for n in range(12))
    drawn += line(560, "Below both columns stands a line that goes over the whole width of the page again")
    text = text_of(drawn)
    order = ["A title", "left 0", "left 11", "right 0", "right 11", "Below both"]
    assert [text.index(words) for words in order] == sorted(text.index(words) for words in order)
    assert "left 5 of the first column is long left 6" in text.replace("\n\n", " ")


def test_a_table_with_lines_around_its_cells_keeps_cells_that_touch_and_cells_that_wrap() -> None:
    cells = [
        (72, 690, "Site"), (150, 690, "Head"), (260, 690, "Rooms"),
        (72, 668, "Basel"), (150, 672, "Ada Lovelace-King"), (150, 660, "and her deputy"), (236, 668, "with a lab"),
        (72, 638, "Ghent"), (150, 638, "Bob"), (260, 638, "12"),
    ]  # fmt: skip
    drawn = "".join(line(y, words, x=x, size=9) for x, y, words in cells) + grid([70, 148, 234, 330], [702, 684, 652, 630])
    text = text_of(drawn + line(600, "Words below."))
    assert "| Site | Head | Rooms |\n| --- | --- | --- |" in text
    assert "| Basel | Ada Lovelace-King and her deputy | with a lab |" in text
    assert "| Ghent | Bob | 12 |" in text
    assert text.endswith("Words below.")


def test_a_cell_over_two_columns_and_one_over_two_rows_stand_in_the_first() -> None:
    drawn = "".join(
        line(y, words, x=x, size=9)
        for x, y, words in [(75, 690, "Both"), (75, 670, "a"), (155, 670, "b"), (75, 650, "c"), (245, 660, "tall")]
    )
    rules = [rule(70, y, 240, y) for y in (702, 684, 664, 644)] + [rule(240, y, 330, y) for y in (702, 684, 644)]
    rules += [rule(70, 702, 70, 644), rule(330, 702, 330, 644), rule(240, 702, 240, 644), rule(150, 684, 150, 644)]
    text = text_of(drawn + "".join(rules))
    assert "| Both |  |  |" in text
    assert "| a | b | tall |" in text
    assert "| c |  |  |" in text


def test_columns_of_numbers_that_end_below_each_other_are_columns() -> None:
    rows = [
        ("Item", "2025", "2026"),
        ("Travel", "1,250.00", "900.00"),
        ("Rent", "12,000.00", "12,400.00"),
        ("Tea", "9.00", "12.00"),
    ]
    drawn = line(760, "Budget of the team in euros, as agreed in the spring.")
    for n, (name, one, other) in enumerate(rows):
        drawn += (
            line(720 - 16 * n, name)
            + line(720 - 16 * n, one, x=300 - 5 * len(one))
            + line(720 - 16 * n, other, x=400 - 5 * len(other))
        )
    text = text_of(drawn + line(600, "Signed."))
    for row in rows:
        assert f"| {' | '.join(row)} |" in text
    assert text.endswith("Signed.")


def test_a_table_that_goes_on_over_the_page_is_one_table_and_its_repeated_header_stands_once() -> None:
    def page(rows: range, top: str) -> str:
        cells = [(720, 72, "Name"), (720, 250, "Value")]
        cells += [
            (700 - 18 * n, x, words) for n, row in enumerate(rows) for x, words in ((72, f"item {row}"), (250, f"{row} kg"))
        ]
        return top + "".join(line(y, words, x=x) for y, x, words in cells)

    document = read(pdf(page(range(5), line(780, "A list of weights follows.")), page(range(5, 9), "")), "x.pdf")
    assert document.text.count("| Name | Value |") == 1
    assert "| item 4 | 4 kg |\n| item 5 | 5 kg |" in document.text
    assert document.page_at(document.text.index("item 4")) == 1
    assert document.page_at(document.text.index("item 5")) == 2


def test_a_paragraph_that_goes_on_over_the_page_is_one() -> None:
    first = line(780, "A first paragraph stands alone.") + line(720, f"{SENTENCE} about the fore-")
    document = read(pdf(first, line(780, "cast, and more.") + line(720, "Then another.")), "x.pdf")
    assert document.text == f"A first paragraph stands alone.\n\n{SENTENCE} about the forecast, and more.\n\nThen another."
    assert document.pages[1] == document.text.index("cast, and more.")


def test_three_columns_are_read_one_after_the_other() -> None:
    words = ("alpha beta gamma {n}", "delta zeta kappa {n}", "lambda sigma tau {n}")
    drawn = "".join(
        line(760 - 12 * n, text.replace("{n}", str(n)), x=50 + 175 * column, size=11)
        for column, text in enumerate(words)
        for n in range(14)
    )
    text = text_of(drawn)
    order = ["gamma 0", "gamma 13", "kappa 0", "kappa 13", "tau 0", "tau 13"]
    assert [text.index(each) for each in order] == sorted(text.index(each) for each in order)


def test_a_footnote_stands_behind_the_paragraph_that_refers_to_it_and_not_between_two_pages() -> None:
    mark = "BT /F 10 Tf 72 700 Td (Expenses are paid within a month) Tj /F 6 Tf 4 Ts (1) Tj 0 Ts ET "
    note = "BT /F 6 Tf 72 80 Td 3 Ts (1) Tj 0 Ts /F 8 Tf (Invoices in another currency take longer.) Tj ET "
    first = mark + line(660, "A second paragraph says something else entirely.") + note
    text = text_of(first, line(780, "The next page goes on."))
    assert text.index("paid within a month[^1]") < text.index("[^1]: Invoices in another") < text.index("A second paragraph")


def test_a_raised_number_that_is_no_footnote_stays_as_it_is() -> None:
    assert "100 m2" in text_of("BT /F 10 Tf 72 700 Td (The hall has 100 m) Tj /F 6 Tf 4 Ts (2) Tj 0 Ts ET ")


def test_code_keeps_its_lines_and_is_no_table() -> None:
    drawn = line(760, "Run this:") + "".join(
        line(740 - 12 * n, words, font="C", x=x)
        for n, (x, words) in enumerate(
            [(72, "def area\\(width, height\\):"), (96, "return width    * height"), (72, "print\\(area\\(2, 3\\)\\)")]
        )
    )
    assert "```\ndef area(width, height):\n    return width    * height\nprint(area(2, 3))\n```" in text_of(drawn)


def test_a_short_bold_line_in_letters_of_the_text_is_a_heading_below_the_larger_ones() -> None:
    drawn = line(800, "Safety", size=16) + line(770, SENTENCE) + line(757, "was said there.")
    drawn += line(725, "Fume hoods", font="B") + line(711, SENTENCE) + line(698, "was said there.")
    document = read(pdf(drawn), "x.pdf")
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Safety"), (2, "Fume hoods")]


def test_a_table_of_contents_gives_no_headings() -> None:
    drawn = line(800, "Contents", size=16)
    drawn += "".join(line(770 - 20 * n, f"{n} Chapter {'. ' * 30} {n * 7}", size=12) for n in range(1, 6))
    drawn += "".join(line(600 - 12 * n, SENTENCE) for n in range(20))
    assert [heading.text for heading in read(pdf(drawn), "x.pdf").headings] == ["Contents"]


def test_a_page_that_is_turned_is_read_as_whoever_turns_it_does() -> None:
    drawn = "".join(f"BT /F 10 Tf 0 1 -1 0 {100 + 14 * n} 100 Tm (Line {n} of a page on its side) Tj ET " for n in range(4))
    assert text_of(drawn).replace("\n\n", " ") == " ".join(f"Line {n} of a page on its side" for n in range(4))


def test_the_date_of_a_pdf_is_that_of_its_last_change() -> None:
    assert read(pdf(line(700, "Words.")), "x.pdf").date == "2026-03-14"


def test_pages_that_are_pictures_are_named_and_the_others_are_read() -> None:
    scanned = "q 595 0 0 842 0 0 cm /P Do Q "
    document = read(pdf(line(700, "A page of letters that can be read."), scanned, scanned), "x.pdf")
    assert document.unread == (2, 3)
    assert document.notes == ("Not read, for they are pictures: pages 2, 3 of 3.",)
    assert document.text == "A page of letters that can be read."


def test_an_empty_page_is_no_picture() -> None:
    assert read(pdf(line(700, "A page of letters that can be read."), ""), "x.pdf").unread == ()


PLACES = st.floats(0, 600, allow_nan=False)


@st.composite
def words(draw: st.DrawFn) -> Word:
    left = draw(PLACES)
    return Word(
        draw(st.text("abcXYZ0123•.-|", min_size=1, max_size=8)), left, left + draw(st.floats(0, 80)), draw(PLACES),
        draw(st.sampled_from([1.0, 8.0, 10.0, 18.0])), draw(st.integers(0, 2)), draw(st.booleans()),
        draw(st.sampled_from(["", "", "1", "*"])),
    )  # fmt: skip


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    x, y, length = draw(PLACES), draw(PLACES), draw(st.floats(5, 300))
    return Rule(x, y, x + length, y) if draw(st.booleans()) else Rule(x, y, x, y + length)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.tuples(st.lists(words(), max_size=60), st.lists(rules(), max_size=30)), max_size=3))
def test_wherever_words_stand_each_of_them_is_in_the_text_once(pages: list[tuple[list[Word], list[Rule]]]) -> None:
    fonts = [Font(), Font(bold=True), Font(fixed=True)]
    letters = sum(word.text.count("X") for written, _ in pages for word in written)
    document = compose("", None, [PageWords(written, fonts, ruled) for written, ruled in pages])
    running = len(pages) > 1  # lines that repeat on pages are left out
    found = document.text.count("X")
    assert found == letters or (running and found < letters)
    assert all(document.text[h.start : h.end] == h.text for h in document.headings)
    assert list(document.pages) == sorted(document.pages)
    assert len(document.pages) == len(pages)
