"""CSV and XLSX: rows written out with the names of their columns, so that each can be read by itself."""

import csv
import io
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from stoa.adapters.parsers.clean import clean
from stoa.adapters.parsers.package import opened
from stoa.adapters.parsers.text import decode
from stoa.domain.documents import Heading, ParsedDocument
from stoa.errors import Unreadable

_MAX_CELLS = 5_000_000
_NUMBER = re.compile(r"^[-+]?[\d.,' ]*\d%?$")
_YEAR = re.compile(r"^(?:19|20)\d\d$")


def read_csv(data: bytes) -> ParsedDocument:
    """A header row and its rows; a file without a header has its first row taken for one."""
    text = decode(data)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error as error:
        raise Unreadable(f"The file is not valid CSV: {error}.") from None
    lines = table_lines([row for row in rows if any(row)])
    return ParsedDocument(title="", text="\n".join(lines), kind="rows")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with its rows, which are read once."""

    name: str
    rows: Iterable[Sequence[str]]


def read_xlsx(data: bytes) -> ParsedDocument:
    """Each sheet is a section; within it, rows of one cell are text, and the first row of several cells names the columns."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    with opened(data):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that it leaves out
                book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        except (InvalidFileException, KeyError, ValueError, OSError) as error:
            raise Unreadable(f"The workbook is broken: {error}.") from None
        sheets = (
            Sheet(sheet.title, ([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)))
            for sheet in book.worksheets
        )
        modified = book.properties.modified
        return read_sheets(sheets, title=book.properties.title or "", date=modified.date().isoformat() if modified else None)


def read_sheets(sheets: Iterable[Sheet], *, title: str, date: str | None) -> ParsedDocument:
    """A workbook from its sheets."""
    headings, cells = list[Heading](), 0
    parts: list[str] = []
    at = 0
    for sheet in sheets:
        rows = list[Sequence[str]]()
        for row in sheet.rows:
            cells += max(len(row), 1)
            if cells > _MAX_CELLS:
                raise Unreadable(f"The workbook has more than {_MAX_CELLS:,} cells; split it.")
            rows.append(row)
        lines = _sheet_lines(rows)
        if lines:
            headings.append(Heading(at, at + len(sheet.name), 2, sheet.name))
            parts.append(sheet.name + "\n" + "\n".join(lines) + "\n\n")
            at += len(parts[-1])
    text = "".join(parts)
    return ParsedDocument(title=title, text=text.rstrip(), headings=tuple(headings), kind="rows", date=date)


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under a header, one line each: `column: value; column: value`. Empty cells are left out."""
    if not rows:
        return []
    header, *body = rows
    if not body:
        return ["; ".join(cell for cell in header if cell)]
    if _is_data(header, body):
        return [line for row in rows if (line := _row((), row))]
    names = [" ".join(name.split()) for name in header]
    return [line for row in body if (line := _row(names, row))]


def _is_data(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names no columns: a number, which is no year, stands over a column of numbers."""
    for column, cell in enumerate(first):
        if _NUMBER.match(cell) and not _YEAR.match(cell):
            below = [row[column] for row in body if column < len(row) and row[column]]
            if sum(_NUMBER.match(each) is not None for each in below) > len(below) / 2:
                return True
    return False


def _row(names: Sequence[str], row: Sequence[str]) -> str:
    parts: list[str] = []
    for position, cell in enumerate(row):
        value = " ".join(cell.split()).replace("; ", ", ")  # a semicolon ends a cell
        if value:
            name = names[position] if position < len(names) else ""
            parts.append(f"{name}: {value}" if name else value)
    return "; ".join(parts)


def _sheet_lines(rows: Iterable[Sequence[str]]) -> list[str]:
    lines: list[str] = []
    table: list[Sequence[str]] = []
    for row in [*rows, list[str]()]:
        filled = sum(1 for cell in row if cell)
        if filled >= 2 or (table and filled == 1 and len(table) > 1 and row[0]):
            table.append(row)
            continue
        lines += table_lines(table)
        table = []
        lines += [cell for cell in row if cell]
    return lines


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return str(int(value)) if value.is_integer() else f"{value:.10g}"
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="minutes")
        case date():
            return value.isoformat()
        case _:
            return clean(str(value)).strip()
