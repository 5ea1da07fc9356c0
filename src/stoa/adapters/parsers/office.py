"""DOCX and PPTX through markitdown, with what it leaves in or out put right."""

import io
import re
import zipfile
from collections.abc import Callable

from stoa.adapters.parsers.clean import clean, without_running_lines
from stoa.adapters.parsers.footnotes import placed
from stoa.adapters.parsers.package import core_properties, opened
from stoa.adapters.parsers.plain_docx import without_looks
from stoa.adapters.parsers.text import markdown_headings, plain
from stoa.adapters.parsers.web import squeeze
from stoa.domain.documents import Heading, ParsedDocument
from stoa.errors import Unreadable

_SLIDE = re.compile(r"^<!-- Slide number: \d+ -->\n?", re.MULTILINE)
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_BARE_TABLE = re.compile(r"^\|(?:[ \t]*\|)+\n\|(?: ?-+ ?\|)+\n((?:\|.*\n?)+)", re.MULTILINE)
_NOTED = re.compile(r"\[\[(\d+)\]\]\(#(?:foot|end)note-[\w-]+\)")
_NOTE = re.compile(r"^(\d+)\.\s+(.*?)\s*\[↑\]\(#(?:foot|end)note-ref-[\w-]+\)\s*$", re.MULTILINE)


def read_docx(data: bytes) -> ParsedDocument:
    """Headings by Word's heading styles; a first line before the first heading is the title of a document without one."""
    from markitdown import StreamInfo
    from markitdown.converters import DocxConverter

    markdown = _convert(
        data, lambda archive: DocxConverter().convert(without_looks(archive), StreamInfo(extension=".docx")).markdown
    )
    text = squeeze(_with_notes(_BARE_TABLE.sub(_pairs, markdown)))
    headings = markdown_headings(text)
    first, _, _ = text.partition("\n")
    title, date = core_properties(data)
    if not title and first and (not headings or headings[0].start > 0) and len(first) <= 120:
        title = plain(first)
    return ParsedDocument(title=title, text=text, headings=headings, kind="markdown", date=date)


def read_pptx(data: bytes) -> ParsedDocument:
    """Slides are pages; a slide's notes stand under a heading of their own below it."""
    from markitdown import StreamInfo
    from markitdown.converters import PptxConverter

    markdown = _convert(data, lambda _: PptxConverter().convert(io.BytesIO(data), StreamInfo(extension=".pptx")).markdown)
    slides = [slide.strip("\n").split("\n") for slide in _SLIDE.split(markdown)[1:]]
    text, pages, headings = "", list[int](), list[Heading]()
    for slide in without_running_lines(slides):
        part = squeeze("\n".join(slide))
        pages.append(len(text))
        for found in markdown_headings(part):
            name = "Notes" if found.text == "Notes:" else found.text
            headings.append(Heading(len(text) + found.start, len(text) + found.end, found.level, name))
        text += part + "\n\n"
    title, date = core_properties(data)
    if not title or title.lower().startswith(("powerpoint", "presentation")):
        title = headings[0].text if headings else ""
    return ParsedDocument(
        title=title, text=text.rstrip("\n"), headings=tuple(headings), pages=tuple(pages), kind="markdown", date=date
    )


def _convert(data: bytes, convert: Callable[[zipfile.ZipFile], str]) -> str:
    with opened(data) as archive:
        try:
            return _PICTURE.sub("", clean(convert(archive)))
        except (Unreadable, RecursionError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - three libraries with error trees of their own; all mean the same to the reader
            raise Unreadable(f"The file is broken: {type(error).__name__}: {error}"[:300]) from None


def _with_notes(markdown: str) -> str:
    """Footnotes and endnotes as Markdown writes them, each behind the paragraph that refers to it."""
    noted = _NOTE.sub(lambda found: f"\n[^{found[1]}]: {found[2].strip()}\n", _NOTED.sub(r"[^\1]", markdown))
    return placed(noted)


def _pairs(table: re.Match[str]) -> str:
    """A table without names for its columns: two cells as `name: value`, more as they are."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table[1].strip().split("\n")]
    if any(len(row) != 2 for row in rows):
        header, *body = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([header, "|" + " --- |" * len(rows[0]), *body]) + "\n"
    return "".join(f"- {name}: {value}\n" if name and value else f"- {name or value}\n" for name, value in rows)
