"""Pages drawn for what is hard about PDFs, each with what must stand in its text: order, tables, footnotes, code, headings."""

import sys
from dataclasses import dataclass

from report import ROOT

sys.path.insert(0, str(ROOT))
from tests.adapters.parsers.drawn import grid, line, pdf, rule

SENTENCE = "The committee meets four times a year and keeps minutes of what was said"


@dataclass(frozen=True)
class Layout:
    """A PDF, and pieces that must stand in its text in this order, compared without regard to white space."""

    name: str
    data: bytes
    pieces: tuple[str, ...]


def layouts() -> list[Layout]:
    """Every one of them."""
    return [
        _columns(), _three_columns(), _ruled(), _numbers(), _wrapped(), _over_pages(), _spanning(), _footnote(), _hyphen(),
        _running(), _code(), _contents(),
    ]  # fmt: skip


def _columns() -> Layout:
    drawn = line(800, "A title over the whole width of the page, as the titles of papers are, and more words")
    drawn += "".join(line(760 - 12 * n, f"left {n} of the first column is long", x=50) for n in range(14))
    drawn += "".join(line(754 - 12 * n, f"right {n} of the second column is so", x=320) for n in range(14))
    whole = " ".join(f"left {n} of the first column is long" for n in range(14))
    return Layout("two columns", pdf(drawn), ("A title", whole, "right 0", "right 13"))


def _three_columns() -> Layout:
    words = ("alpha beta gamma {n}", "delta zeta kappa {n}", "lambda sigma tau {n}")
    drawn = "".join(
        line(760 - 12 * n, text.replace("{n}", str(n)), x=50 + 175 * column, size=11)
        for column, text in enumerate(words)
        for n in range(14)
    )
    return Layout(
        "three columns", pdf(drawn), ("alpha beta gamma 13", "delta zeta kappa 0", "delta zeta kappa 13", "lambda sigma tau 0")
    )


def _ruled() -> Layout:
    cells = [
        (72, 690, "Site"), (150, 690, "Head"), (260, 690, "Rooms"), (72, 668, "Basel"), (150, 672, "Ada Lovelace-King"),
        (150, 660, "and her deputy"), (236, 668, "with a lab"), (72, 638, "Ghent"), (150, 638, "Bob"), (260, 638, "12"),
    ]  # fmt: skip
    drawn = "".join(line(y, words, x=x, size=9) for x, y, words in cells) + grid([70, 148, 234, 330], [702, 684, 652, 630])
    rows = ("| Site | Head | Rooms |", "| Basel | Ada Lovelace-King and her deputy | with a lab |", "| Ghent | Bob | 12 |")
    return Layout("a table with lines around its cells", pdf(drawn), rows)


def _numbers() -> Layout:
    rows = [
        ("Item", "2025", "2026"),
        ("Travel", "1,250.00", "900.00"),
        ("Rent", "12,000.00", "12,400.00"),
        ("Tea", "9.00", "12.00"),
    ]
    drawn = "".join(
        line(720 - 16 * n, cell, x=x - (5 * len(cell) if x > 100 else 0))
        for n, row in enumerate(rows)
        for cell, x in zip(row, (72, 320, 420), strict=True)
    )
    return Layout("numbers that end below each other", pdf(drawn), tuple(f"| {' | '.join(row)} |" for row in rows))


def _wrapped() -> Layout:
    drawn = "".join(
        line(y, words, x=x)
        for y, x, words in [
            (700, 72, "Name"), (700, 200, "Dose"), (700, 350, "Remark"), (680, 72, "Cardelva"), (680, 200, "50 mg"),
            (680, 350, "with water and"), (668, 350, "in the morning"), (650, 72, "Insuvara"), (650, 200, "10 units"),
            (650, 350, "cold"),
        ]
    )  # fmt: skip
    return Layout(
        "cells that wrap",
        pdf(drawn),
        ("| Name | Dose | Remark |", "| Cardelva | 50 mg | with water and in the morning |", "| cold |"),
    )


def _over_pages() -> Layout:
    def page(rows: range) -> str:
        cells = [(720, 72, "Name"), (720, 250, "Value")]
        cells += [
            (700 - 18 * n, x, words) for n, row in enumerate(rows) for x, words in ((72, f"item {row}"), (250, f"{row} kg"))
        ]
        return "".join(line(y, words, x=x) for y, x, words in cells)

    return Layout(
        "a table over two pages",
        pdf(page(range(5)), page(range(5, 9))),
        ("| Name | Value |", "| item 4 | 4 kg | | item 5 | 5 kg |"),
    )


def _spanning() -> Layout:
    places = [(75, 690, "Both"), (75, 670, "a"), (155, 670, "b"), (75, 650, "c"), (245, 660, "tall")]
    rules = [rule(70, y, 240, y) for y in (702, 684, 664, 644)] + [rule(240, y, 330, y) for y in (702, 684, 644)]
    rules += [rule(70, 702, 70, 644), rule(330, 702, 330, 644), rule(240, 702, 240, 644), rule(150, 684, 150, 644)]
    drawn = "".join(line(y, words, x=x, size=9) for x, y, words in places) + "".join(rules)
    return Layout("cells over several rows and columns", pdf(drawn), ("| Both | | |", "| a | b | tall |", "| c | | |"))


def _footnote() -> Layout:
    mark = "BT /F 10 Tf 72 700 Td (Expenses are paid within a month) Tj /F 6 Tf 4 Ts (1) Tj 0 Ts ET "
    note = "BT /F 6 Tf 72 80 Td 3 Ts (1) Tj 0 Ts /F 8 Tf (Invoices in another currency take longer.) Tj ET "
    drawn = mark + line(660, "A second paragraph says something else entirely.") + note
    pieces = ("paid within a month", "Invoices in another currency", "A second paragraph", "The next page")
    return Layout("a footnote", pdf(drawn, line(780, "The next page goes on.")), pieces)


def _hyphen() -> Layout:
    drawn = line(720, f"{SENTENCE} about the fore-") + line(708, "cast of the year, and adds it to the file.")
    return Layout("a word that was divided", pdf(drawn), ("about the forecast of the year",))


def _running() -> Layout:
    pages = [
        line(820, "ACME confidential") + line(760, f"{SENTENCE} {n}") + line(748, "and so on.") + line(20, f"Page {n} of 3")
        for n in range(1, 4)
    ]
    return Layout("running heads", pdf(*pages), tuple(f"{SENTENCE} {n} and so on. {SENTENCE} {n + 1}" for n in (1, 2)))


def _code() -> Layout:
    written = [(72, "def area\\(width, height\\):"), (96, "return width * height"), (72, "print\\(area\\(2, 3\\)\\)")]
    drawn = "".join(line(740 - 12 * n, words, font="C", x=x) for n, (x, words) in enumerate(written))
    return Layout("code", pdf(drawn), ("``` def area(width, height): return width * height print(area(2, 3)) ```",))


def _contents() -> Layout:
    drawn = line(800, "Safety", size=16) + line(770, SENTENCE) + line(757, "there.") + line(725, "Fume hoods", font="B")
    return Layout("headings", pdf(drawn + line(711, SENTENCE) + line(698, "there.")), ("# Safety", "# Fume hoods"))
