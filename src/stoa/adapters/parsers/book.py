"""EPUB: the chapters of a book in the order in which it is read."""

from posixpath import dirname, join, normpath
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from stoa.adapters.parsers.package import member, opened, tree
from stoa.adapters.parsers.text import markdown_headings
from stoa.adapters.parsers.web import page_of
from stoa.domain.documents import Heading, ParsedDocument
from stoa.errors import Unreadable

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_PAGES = ("application/xhtml+xml", "text/html")


def read_epub(data: bytes) -> ParsedDocument:
    """Its pages are the chapters: a book has no others."""
    with opened(data) as archive:
        root = tree(archive, "META-INF/container.xml").find(f".//{_CONTAINER}rootfile")
        place = root.get("full-path", "") if root is not None else ""
        about = tree(archive, place)
        text, starts, headings = "", list[int](), list[Heading]()
        for name in _order(about, dirname(place)):
            if name not in archive.namelist():
                continue
            part = page_of(member(archive, name))[1]
            if not part.strip():
                continue
            starts.append(len(text))
            headings += [
                Heading(len(text) + found.start, len(text) + found.end, found.level, found.text)
                for found in markdown_headings(part)
            ]
            text += part + "\n\n"
    if not text:
        raise Unreadable("The book has no chapters that can be read; it may be protected.")
    return ParsedDocument(
        title=(about.findtext(f".//{_DC}title") or "").strip(), text=text.rstrip("\n"), headings=tuple(headings),
        pages=tuple(starts), kind="markdown", date=_date(about),
    )  # fmt: skip


def _order(about: ET.Element, folder: str) -> list[str]:
    files = {
        item.get("id", ""): normpath(join(folder, unquote(item.get("href", ""))))
        for item in about.iter(f"{_OPF}item")
        if item.get("media-type") in _PAGES
    }
    return [files[place] for item in about.iter(f"{_OPF}itemref") if (place := item.get("idref", "")) in files]


def _date(about: ET.Element) -> str | None:
    said = (about.findtext(f".//{_DC}date") or "").strip()[:10]
    return said if len(said) in (4, 7, 10) and said.replace("-", "").isdecimal() else None
