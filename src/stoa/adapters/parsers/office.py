"""DOCX and PPTX through markitdown, with what it leaves in or out put right."""

import io
import re
import zipfile
from collections.abc import Callable
from xml.etree import ElementTree as ET

from stoa.adapters.parsers.clean import clean, without_running_lines
from stoa.adapters.parsers.text import markdown_headings, plain
from stoa.adapters.parsers.web import squeeze
from stoa.domain.documents import Heading, ParsedDocument
from stoa.errors import Unreadable

_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_SLIDE = re.compile(r"^<!-- Slide number: \d+ -->\n?", re.MULTILINE)
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_BARE_TABLE = re.compile(r"^\|(?:[ \t]*\|)+\n\|(?: ?-+ ?\|)+\n((?:\|.*\n?)+)", re.MULTILINE)
_MAX_UNPACKED = 2**30


def read_docx(data: bytes) -> ParsedDocument:
    """Headings by Word's heading styles; a first line before the first heading is the title of a document without one."""
    from markitdown import StreamInfo
    from markitdown.converters import DocxConverter

    markdown = _convert(data, lambda stream: DocxConverter().convert(stream, StreamInfo(extension=".docx")).markdown)
    text = squeeze(_BARE_TABLE.sub(_pairs, markdown))
    headings = markdown_headings(text)
    first, _, _ = text.partition("\n")
    title = _core_title(data)
    if not title and first and (not headings or headings[0].start > 0) and len(first) <= 120:
        title = plain(first)
    return ParsedDocument(title=title, text=text, headings=headings, kind="markdown")


def read_pptx(data: bytes) -> ParsedDocument:
    """Slides are pages; a slide's notes stand under a heading of their own below it."""
    from markitdown import StreamInfo
    from markitdown.converters import PptxConverter

    markdown = _convert(data, lambda stream: PptxConverter().convert(stream, StreamInfo(extension=".pptx")).markdown)
    slides = [slide.strip("\n").split("\n") for slide in _SLIDE.split(markdown)[1:]]
    text, pages, headings = "", list[int](), list[Heading]()
    for slide in without_running_lines(slides):
        part = squeeze("\n".join(slide))
        pages.append(len(text))
        for found in markdown_headings(part):
            name = "Notes" if found.text == "Notes:" else found.text
            headings.append(Heading(len(text) + found.start, len(text) + found.end, found.level, name))
        text += part + "\n\n"
    title = _core_title(data)
    if not title or title.lower().startswith(("powerpoint", "presentation")):
        title = headings[0].text if headings else ""
    return ParsedDocument(title=title, text=text.rstrip("\n"), headings=tuple(headings), pages=tuple(pages), kind="markdown")


def _convert(data: bytes, convert: Callable[[io.BytesIO], str]) -> str:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("The file is encrypted or of the format before 2007; save it anew without a password.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_UNPACKED:
                raise Unreadable("The file unpacks to more than 1 GiB.")
        return _PICTURE.sub("", clean(convert(io.BytesIO(data))))
    except Unreadable:
        raise
    except zipfile.BadZipFile:
        raise Unreadable("The file is broken: it is not the package that its name says.") from None
    except Exception as error:  # noqa: BLE001 - three libraries with error trees of their own; all mean the same to the reader
        raise Unreadable(f"The file is broken: {type(error).__name__}: {error}"[:300]) from None


def _core_title(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = ET.fromstring(archive.read("docProps/core.xml")).find(_TITLE)  # noqa: S314 - expat expands no entities in bulk
    except (KeyError, ET.ParseError, zipfile.BadZipFile):
        return ""
    return (found.text or "") if found is not None else ""


def _pairs(table: re.Match[str]) -> str:
    """A table without names for its columns: two cells as `name: value`, more as they are."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table[1].strip().split("\n")]
    if any(len(row) != 2 for row in rows):
        header, *body = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([header, "|" + " --- |" * len(rows[0]), *body]) + "\n"
    return "".join(f"- {name}: {value}\n" if name and value else f"- {name or value}\n" for name, value in rows)
