"""ODT, ODP and ODS: their XML as Markdown, with headings, lists, tables, notes, and slides as pages."""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from stoa.adapters.parsers.clean import clean
from stoa.adapters.parsers.footnotes import placed
from stoa.adapters.parsers.package import opened, tree
from stoa.adapters.parsers.sheets import Sheet, read_sheets
from stoa.adapters.parsers.text import markdown_headings
from stoa.adapters.parsers.web import squeeze
from stoa.domain.documents import Heading, ParsedDocument
from stoa.errors import Unreadable

_NAMESPACE = "{urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _TEXT, _TABLE = (f"{_NAMESPACE}{name}:1.0}}" for name in ("office", "text", "table"))
_DRAW, _PRESENTATION = f"{_NAMESPACE}drawing:1.0}}", f"{_NAMESPACE}presentation:1.0}}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_PASSED_OVER = frozenset((f"{_TEXT}tracked-changes", f"{_OFFICE}annotation", f"{_TEXT}table-of-content", f"{_OFFICE}forms"))
_MOST_REPEATED = 1_000
"""Cells and rows that are written once and meant many times: what is beyond is the empty rest of a sheet."""


def read_opendocument(data: bytes) -> ParsedDocument:
    """A text, a presentation or a workbook, whichever it is."""
    with opened(data) as archive:
        content = tree(archive, "content.xml")
        title, date = _about(tree(archive, "meta.xml")) if "meta.xml" in archive.namelist() else ("", None)
        body = content.find(f"{_OFFICE}body")
        if body is None:
            raise Unreadable("The file is broken: it has no body.")
        if (book := body.find(f"{_OFFICE}spreadsheet")) is not None:
            return read_sheets(_sheets(book), title=title, date=date)
        if (slides := body.find(f"{_OFFICE}presentation")) is not None:
            return _slides(slides, title, date)
        text = placed(squeeze(clean("\n\n".join(_blocks(body)))))
        return ParsedDocument(title=title, text=text, headings=markdown_headings(text), kind="markdown", date=date)


def _about(meta: ET.Element) -> tuple[str, str | None]:
    found = {element.tag: element.text or "" for element in meta.iter()}
    date = found.get(f"{_DC}date", "")[:10]
    return found.get(f"{_DC}title", ""), date if len(date) == 10 else None


def _slides(slides: ET.Element, title: str, date: str | None) -> ParsedDocument:
    text, pages, headings = "", list[int](), list[Heading]()
    for slide in slides.iter(f"{_DRAW}page"):
        pages.append(len(text))
        notes = slide.find(f"{_PRESENTATION}notes")
        shown, first = list[str](), True
        for frame in slide:
            if frame is notes:
                continue
            blocks = list(_blocks(frame))
            named = frame.get(f"{_PRESENTATION}class") == "title" and first and blocks
            shown += [f"## {' '.join(' '.join(blocks).split())}"] if named else blocks
            first = first and not named
        said = list(_blocks(notes)) if notes is not None else []
        part = squeeze(clean("\n\n".join([*shown, *(["### Notes", *said] if any(said) else [])])))
        headings += [
            Heading(len(text) + found.start, len(text) + found.end, found.level, found.text)
            for found in markdown_headings(part)
        ]
        text += part + "\n\n"
    return ParsedDocument(
        title=title or (headings[0].text if headings else ""), text=text.rstrip("\n"), headings=tuple(headings),
        pages=tuple(pages), kind="markdown", date=date,
    )  # fmt: skip


def _blocks(element: ET.Element) -> Iterator[str]:
    """Paragraphs, headings, lists and tables below an element, each as Markdown."""
    for child in element:
        if child.tag in _PASSED_OVER:
            continue
        if child.tag == f"{_TEXT}h":
            level = child.get(f"{_TEXT}outline-level", "1")
            yield f"{'#' * min(int(level) if level.isdecimal() else 1, 6)} {_line(child)[0]}"
        elif child.tag == f"{_TEXT}p":
            words, notes = _line(child)
            yield words
            yield from notes
            for frame in child.iter(f"{_DRAW}text-box"):
                yield from _blocks(frame)
        elif child.tag == f"{_TEXT}list":
            yield "\n".join(_items(child, 0))
        elif child.tag == f"{_TABLE}table":
            yield _table(child)
        else:
            yield from _blocks(child)


def _items(listing: ET.Element, depth: int) -> Iterator[str]:
    for item in listing:
        first = True
        for child in item:
            if child.tag == f"{_TEXT}list":
                yield from _items(child, depth + 1)
            elif child.tag in (f"{_TEXT}p", f"{_TEXT}h"):
                yield f"{'  ' * depth}{'- ' if first else '  '}{_line(child)[0]}"
                first = False


def _table(table: ET.Element) -> str:
    rows = [[" ".join(cell.split()).replace("|", "/") for cell in row] for row in _rows(table)]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    width = max(len(row) for row in rows)
    written = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
    return "\n".join([written[0], "|" + " --- |" * width, *written[1:]])


def _rows(table: ET.Element) -> Iterator[list[str]]:
    for row in table.iter(f"{_TABLE}table-row"):
        cells: list[str] = []
        for cell in row:
            if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                continue
            value = _value(cell)
            cells += [value] * (_times(cell, "columns") if value or len(cells) < 100 else 1)
        while cells and not cells[-1]:
            cells.pop()
        for _ in range(_times(row, "rows") if cells else 1):
            yield cells


def _times(element: ET.Element, what: str) -> int:
    said = element.get(f"{_TABLE}number-{what}-repeated", "1")
    return min(int(said) if said.isdecimal() else 1, _MOST_REPEATED)


def _value(cell: ET.Element) -> str:
    kind = cell.get(f"{_OFFICE}value-type")
    if kind == "float":
        return cell.get(f"{_OFFICE}value", "")
    if kind == "date":
        return cell.get(f"{_OFFICE}date-value", "").replace("T", " ")
    return "\n".join(_line(paragraph)[0] for paragraph in cell.iter(f"{_TEXT}p"))


def _sheets(book: ET.Element) -> Iterator[Sheet]:
    for table in book.iter(f"{_TABLE}table"):
        yield Sheet(table.get(f"{_TABLE}name", ""), _rows(table))


def _line(element: ET.Element) -> tuple[str, list[str]]:
    """The words of a paragraph on one line, and its footnotes."""
    words, notes = list[str](), list[str]()
    _into(element, words, notes)
    return "".join(words).strip(), notes


def _into(element: ET.Element, words: list[str], notes: list[str]) -> None:
    words.append(_plain(element.text))
    for child in element:
        if child.tag in (f"{_TEXT}s", f"{_TEXT}tab", f"{_TEXT}line-break"):
            words.append(" ")
        elif child.tag == f"{_TEXT}note":
            label, body = child.findtext(f"{_TEXT}note-citation", "*"), child.find(f"{_TEXT}note-body")
            words.append(f"[^{label.strip()}]")
            said: Sequence[str] = [_line(part)[0] for part in body.iter(f"{_TEXT}p")] if body is not None else []
            notes.append(f"[^{label.strip()}]: {' '.join(said)}")
        elif child.tag not in _PASSED_OVER and child.tag != f"{_DRAW}frame":
            _into(child, words, notes)
        words.append(_plain(child.tail))


def _plain(text: str | None) -> str:
    return " ".join(text.split("\n")) if text else ""
