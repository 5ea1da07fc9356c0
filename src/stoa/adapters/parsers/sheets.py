"""CSV and XLSX: rows written out with the names of their columns, so that each can be read by itself."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

from stoa.adapters.parsers.clean import clean
from stoa.adapters.parsers.text import decode
from stoa.domain.documents import Heading, ParsedDocument
from stoa.errors import Unreadable

_MAX_CELLS = 5_000_000


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


def read_xlsx(data: bytes) -> ParsedDocument:
    """Each sheet is a section; within it, rows of one cell are text, and the first row of several cells names the columns."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("The workbook is encrypted or of the old format; save it as .xlsx without a password.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that it leaves out
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise Unreadable(f"The workbook is broken: {error}.") from None
    text, headings, cells = "", list[Heading](), 0
    for sheet in book.worksheets:
        rows = list[list[str]]()
        for row in sheet.iter_rows(values_only=True):
            cells += len(row)
            if cells > _MAX_CELLS:
                raise Unreadable(f"The workbook has more than {_MAX_CELLS:,} cells; split it.")
            rows.append([_cell(value) for value in row])
        lines = _sheet_lines(rows)
        if lines:
            headings.append(Heading(len(text), len(text) + len(sheet.title), 2, sheet.title))
            text += sheet.title + "\n" + "\n".join(lines) + "\n\n"
    title = book.properties.title or ""
    return ParsedDocument(title=title, text=text.rstrip(), headings=tuple(headings), kind="rows")


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under a header, one line each: `column: value; column: value`. Empty cells are left out."""
    if not rows:
        return []
    header, *body = rows
    if not body:
        return ["; ".join(cell for cell in header if cell)]
    names = [" ".join(name.split()) for name in header]
    return [line for row in body if (line := _row(names, row))]


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
