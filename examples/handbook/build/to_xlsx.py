"""Writes a manuscript as XLSX: each section is a sheet that holds one table, its header in the first row."""

from pathlib import Path

from manuscript import Heading, Manuscript, Table
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from stamp import MOMENT, stamp

BOLD, WHITE = Font(bold=True), Font(bold=True, color="FFFFFF")
TEAL = PatternFill("solid", fgColor="14505C")


def write_xlsx(manuscript: Manuscript, path: Path) -> None:
    """Write the workbook; the same manuscript gives the same bytes."""
    book = Workbook()
    book.remove(book.active)
    book.properties.title, book.properties.creator = manuscript.title, "Ollerby Laboratories"
    book.properties.created = MOMENT.replace(tzinfo=None)
    for block in manuscript.blocks:
        match block:
            case Heading(_, text):
                book.create_sheet(text)
            case Table(rows):
                _grid(book.worksheets[-1], rows)
            case _:
                raise ValueError(f"A workbook has no place for {block!r}")
    book.save(path)
    stamp(path)


def _line(sheet: Worksheet, cells: list[str | int | float], *, font: Font | None = None) -> None:
    sheet.append(cells)
    if font:
        for cell in sheet[sheet.max_row]:
            cell.font = font


def _grid(sheet: Worksheet, rows: tuple[tuple[str, ...], ...]) -> None:
    _line(sheet, list(rows[0]), font=WHITE)
    for cell in sheet[sheet.max_row]:
        cell.fill = TEAL
    for row in rows[1:]:
        _line(sheet, [_value(cell) for cell in row], font=BOLD if row[0].startswith("Total") else None)
    for column in range(len(rows[0])):
        sheet.column_dimensions[get_column_letter(column + 1)].width = max(len(row[column]) for row in rows) + 3


def _value(cell: str) -> str | int | float:
    try:
        return float(cell) if "." in cell else int(cell)
    except ValueError:
        return cell
