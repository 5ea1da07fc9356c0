"""Markdown, plain text and source code, and the headings of anything that is written as Markdown."""

import re
from typing import Any, cast

import yaml

from stoa.adapters.parsers.clean import clean
from stoa.adapters.parsers.footnotes import placed
from stoa.domain.documents import Heading, ParsedDocument
from stoa.errors import Unreadable

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_ISO = re.compile(r"^\d{4}-\d\d-\d\d$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")


def decode(data: bytes) -> str:
    """Bytes as text: by byte order mark, as UTF-8, else as what they most probably are. Raises Unreadable for binary data."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return clean(data.decode("utf-16", "replace"))
    if b"\0" in data[:8192]:
        raise Unreadable("The file holds binary data and not text.")
    try:
        return clean(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        import charset_normalizer

        best = charset_normalizer.from_bytes(data[:200_000]).best()
        return clean(data.decode(best.encoding if best else "cp1252", "replace"))


def read_markdown(data: bytes) -> ParsedDocument:
    """Markdown; YAML front matter gives the title and is no part of the text."""
    text = decode(data)
    title, date = "", None
    if found := _FRONT_MATTER.match(text):
        title, date = _about(found[1])
        text = text[found.end() :].lstrip("\n")
    text = placed(text)
    return ParsedDocument(title=title, text=text, headings=markdown_headings(text), kind="markdown", date=date)


def read_text(data: bytes) -> ParsedDocument:
    return ParsedDocument(title="", text=decode(data), kind="prose")


def read_code(data: bytes) -> ParsedDocument:
    return ParsedDocument(title="", text=decode(data), kind="code")


def markdown_headings(text: str) -> tuple[Heading, ...]:
    """Headings with `#` and with underlines, outside fenced code."""
    headings: list[Heading] = []
    fence = previous = ""
    at = previous_at = 0
    for line in text.split("\n"):
        if mark := _FENCE.match(line):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        elif not fence:
            if found := _HEADING.match(line):
                headings.append(Heading(at, at + len(line), len(found[1]), plain(found[2])))
            elif (
                previous.strip()
                and not previous.lstrip().startswith(("|", "-", ">", "#"))
                and (under := _UNDERLINE.match(line))
            ):
                headings.append(Heading(previous_at, at + len(line), 1 if under[1][0] == "=" else 2, plain(previous)))
        previous, previous_at = line, at
        at += len(line) + 1
    return tuple(heading for heading in headings if heading.text)


def plain(markdown: str) -> str:
    """One line of Markdown without links, emphasis and code marks."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    return " ".join(re.sub(r"(\*\*|__|[*`]|\\(?=[^\w\s]))", "", text).split())


def _about(front_matter: str) -> tuple[str, str | None]:
    """Title and date."""
    try:
        found = yaml.safe_load(front_matter)
    except (yaml.YAMLError, ValueError):
        return "", None
    fields = cast("dict[str, Any]", found) if isinstance(found, dict) else {}  # cast: YAML is untyped
    title = fields.get("title")
    dates = (str(fields.get(name, ""))[:10] for name in ("updated", "modified", "lastmod", "date"))
    return title if isinstance(title, str) else "", next((date for date in dates if _ISO.match(date)), None)
