"""PDF through pypdfium2: pages, paragraphs, headings by the size of their letters, tables by the gaps between their cells.

A page holds letters at places and nothing else; what is said here of paragraphs and tables is a good guess. Scanned pages
have no letters and give no text.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pypdfium2 as pdfium
from pypdfium2 import raw

from stoa.adapters.parsers.clean import clean, without_running_lines
from stoa.domain.documents import Heading, ParsedDocument
from stoa.errors import Unreadable

_BULLET = re.compile(r"^([•▪●◦‣∙·–-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")
_HYPHEN = re.compile(r"(\w)[\ufffe\x02](?:\r\n)?|(\w)\xad\r\n")
_CELL_GAP = 1.1
"""A gap of so many letter heights between two words divides cells of a table."""


@dataclass(slots=True)
class _Line:
    """A line on a page: its cells with where each begins, the size of its letters, and its extent in points."""

    cells: list[tuple[float, str]]
    size: float
    top: float
    right: float
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.text = " ".join(words for _, words in self.cells)

    @property
    def left(self) -> float:
        return self.cells[0][0]


def read_pdf(data: bytes) -> ParsedDocument:
    """All pages in order. Raises Unreadable for a file that is encrypted or broken."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise Unreadable("The PDF is encrypted; save it without a password.") from None
        raise Unreadable(f"The PDF is broken: {error}") from None
    try:
        title = str(document.get_metadata_dict().get("Title", ""))
        pages = [_lines(document, number) for number in range(len(document))]
    finally:
        document.close()
    return _compose(title if _is_title(title) else "", pages)


def _lines(document: pdfium.PdfDocument, number: int) -> list[_Line]:
    try:
        page = document[number]
        try:
            text = page.get_textpage()
            try:
                return _read_lines(text)
            finally:
                text.close()
        finally:
            page.close()
    except pdfium.PdfiumError:
        return []  # a broken page among good ones


def _read_lines(page: pdfium.PdfTextPage) -> list[_Line]:
    lines: list[_Line] = []
    at = 0
    for written in page.get_text_range().split("\r\n"):
        if written.strip():
            lines.append(_line(page, at, written))
        at += len(written) + 2
    return lines


def _line(page: pdfium.PdfTextPage, at: int, written: str) -> _Line:
    lead = len(written) - len(written.lstrip())
    left, _, right, top = page.get_charbox(at + lead)
    size = float(raw.FPDFText_GetFontSize(page.raw, at + lead)) or 1.0
    cells: list[tuple[float, str]] = []
    begin, begin_x = lead, left
    for space in (found.start() for found in re.finditer(r"(?<=\S) (?=\S)", written)):
        end_x, next_x = page.get_charbox(at + space - 1)[2], page.get_charbox(at + space + 1)[0]
        if next_x - end_x > _CELL_GAP * size:
            cells.append((begin_x, clean(written[begin:space]).strip()))
            begin, begin_x = space + 1, next_x
    cells.append((begin_x, clean(_HYPHEN.sub(r"\1\2", written[begin:])).strip()))
    right = page.get_charbox(at + len(written.rstrip()) - 1)[2]
    return _Line([cell for cell in cells if cell[1]] or [(left, "")], size, top, right)


def _compose(title: str, pages: Sequence[Sequence[_Line]]) -> ParsedDocument:
    kept = without_running_lines([[line.text for line in page] for page in _edges(pages)], least=2)
    running = [{line.text for line in edge} - set(keep) for edge, keep in zip(_edges(pages), kept, strict=True)]
    body = _body_size([line for page in pages for line in page])
    levels = _heading_levels(pages, body)
    text, starts, headings = "", list[int](), list[Heading]()
    for page, gone in zip(pages, running, strict=True):
        starts.append(len(text))
        for heading, block in _blocks([line for line in page if line.text and line.text not in gone], body):
            if heading:
                headings.append(Heading(len(text), len(text) + len(block), levels[heading], block))
            text += block + "\n\n"
    if not title and headings:
        title = headings[0].text
    text = text.rstrip("\n")
    return ParsedDocument(title=title, text=text, headings=tuple(headings), pages=tuple(starts), kind="markdown")


def _edges(pages: Sequence[Sequence[_Line]]) -> list[list[_Line]]:
    """The lines at the top and the bottom of each page, where running heads stand."""
    edges: list[list[_Line]] = []
    for page in pages:
        by_height = sorted(page, key=lambda line: -line.top)
        edges.append([*by_height[:2], *by_height[-2:]] if len(by_height) > 4 else [])
    return edges


def _body_size(lines: Sequence[_Line]) -> float:
    letters = Counter[float]()
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
    return letters.most_common(1)[0][0] if letters else 1.0


def _heading_size(line: _Line, body: float) -> float | None:
    if line.size < body * 1.15 or len(line.text) > 160 or len(line.cells) > 2 or not re.search(r"[^\W\d_]", line.text):
        return None
    return round(line.size, 1)


def _heading_levels(pages: Sequence[Sequence[_Line]], body: float) -> dict[float, int]:
    sizes = sorted({size for page in pages for line in page if (size := _heading_size(line, body))}, reverse=True)
    return {size: min(level, 6) for level, size in enumerate(sizes, 1)}


def _blocks(lines: Sequence[_Line], body: float) -> list[tuple[float | None, str]]:
    """Headings with their size, paragraphs and tables of one page, in reading order."""
    blocks: list[tuple[float | None, str]] = []
    margin = max((line.right for line in lines), default=0.0)
    at = 0
    while at < len(lines):
        line = lines[at]
        end = at + 1
        if size := _heading_size(line, body):
            while end < len(lines) and _heading_size(lines[end], body) == size and _near(lines[end - 1], lines[end]):
                end += 1
            blocks.append((size, " ".join(part.text for part in lines[at:end])))
        elif (end := _table_end(lines, at)) > at + 1:
            blocks.append((None, _table(lines[at:end])))
        else:
            end = at + 1
            while (
                end < len(lines) and _continues(lines[end - 1], lines[end], margin, body) and _table_end(lines, end) <= end + 1
            ):
                end += 1
            blocks.append((None, _joined([part.text for part in lines[at:end]])))
        at = end
    return _lists_together(blocks)


def _near(above: _Line, below: _Line) -> bool:
    return 0 < above.top - below.top < 1.9 * max(above.size, below.size)


def _continues(above: _Line, below: _Line, margin: float, body: float) -> bool:
    """Whether a line goes on with the sentence above: near it, in the same letters, and that one was full."""
    full = above.right > margin - 0.22 * (margin - above.left)
    same = abs(above.size - below.size) < 0.2 and _heading_size(below, body) is None
    return same and full and _near(above, below) and not _BULLET.match(below.text)


def _joined(lines: Sequence[str]) -> str:
    text = ""
    for line in lines:
        if text.endswith("-") and line[:1].islower() and not text.endswith(" -"):
            text = text[:-1] + line if re.search(r"[a-zäöüß]-$", text) else text + line
        else:
            text += (" " if text else "") + line
    return text


def _table_end(lines: Sequence[_Line], at: int) -> int:
    """Where a table that begins at this line ends: rows of cells, and lines of one cell that stand in a column of theirs."""
    starts = [x for x, _ in lines[at].cells]
    if len(starts) < 2:
        return at
    end, rows, columns = at + 1, 1, set[int]()
    while end < len(lines):
        line = lines[end]
        if abs(line.size - lines[at].size) > 0.6 or lines[end - 1].top - line.top > 4 * line.size:
            break
        column = _column(starts, line.left)
        if len(line.cells) >= 2:
            rows += 1
        elif abs(line.left - starts[column]) < 6 and (column > 0 or line.right < starts[1]):
            columns.add(column)
        else:
            break
        end += 1
    return end if rows >= 2 or len(columns) >= 2 else at


def _table(lines: Sequence[_Line]) -> str:
    """Rows as Markdown; words in a column go into the present row's cell, and a new row begins in the first column."""
    starts = [x for x, _ in max(lines, key=lambda line: len(line.cells)).cells]
    rows: list[list[str]] = []
    for x, words in (cell for line in lines for cell in line.cells):
        column = _column(starts, x)
        if not rows or (column == 0 and any(rows[-1][1:])):
            rows.append([""] * len(starts))
        rows[-1][column] = f"{rows[-1][column]} {words}".strip()
    written = ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
    return "\n".join([written[0], "|" + " --- |" * len(starts), *written[1:]])


def _column(starts: Sequence[float], x: float) -> int:
    return max((column for column, start in enumerate(starts) if start <= x + 6), default=0)


def _lists_together(blocks: Sequence[tuple[float | None, str]]) -> list[tuple[float | None, str]]:
    """Items of a list one below the other, without empty lines between them."""
    together: list[tuple[float | None, str]] = []
    for heading, text in blocks:
        if together and not heading and _BULLET.match(text) and together[-1][0] is None and not text.startswith("|"):
            above = together[-1][1]
            if _BULLET.match(above.rsplit("\n", 1)[-1]) or above.endswith(":"):
                together[-1] = (None, f"{above}\n{text}")
                continue
        together.append((heading, text))
    return together


def _is_title(title: str) -> bool:
    """Whether metadata names the document; programs write file names and their own into it."""
    found = title.strip().lower()
    return (
        len(found) > 2
        and not found.startswith(("untitled", "microsoft word", "(anonymous", "slide 1"))
        and not re.search(r"\.(docx?|pdf|indd|tex|dvi|qxd|pptx?)$", found)
    )
