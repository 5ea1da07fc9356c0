"""A manuscript: front matter and a small part of Markdown, from which every format of the handbook is written.

Known are headings, paragraphs, `-` and `1.` lists, tables, `>` callouts, `---` page breaks, `???` speaker notes and fenced
`org` charts. Inline, only `**bold**`. Anything else is kept as plain text.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is a section of the document, level 2 a subsection."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Items:
    """A bulleted or numbered list."""

    items: tuple[str, ...]
    numbered: bool


@dataclass(frozen=True)
class Table:
    """A table; the first row is the header."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Callout:
    """A paragraph set apart from the text."""

    text: str


@dataclass(frozen=True)
class Notes:
    """What the speaker says to the slide before it."""

    text: str


@dataclass(frozen=True)
class OrgChart:
    """Boxes: one on top, the others below; each a name and a role."""

    boxes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PageBreak:
    """The next block opens a page."""


Block = Heading | Paragraph | Items | Table | Callout | Notes | OrgChart | PageBreak


@dataclass(frozen=True)
class Manuscript:
    """A document before it has a format."""

    title: str
    number: str
    version: str
    effective: str
    owner: str
    status: str
    revisions: tuple[tuple[str, ...], ...]
    blocks: tuple[Block, ...]

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """The rows of the title block."""
        rows = (
            ("Document", self.number),
            ("Version", self.version),
            ("Effective from", self.effective),
            ("Owner", self.owner),
            ("Status", self.status),
        )
        return tuple((name, value) for name, value in rows if value)


def read_manuscript(path: Path) -> Manuscript:
    """Read a manuscript; raises KeyError where the front matter lacks a title."""
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    meta = yaml.load(head, Loader=yaml.BaseLoader)
    return Manuscript(
        title=meta["title"],
        number=meta.get("number", ""),
        version=meta.get("version", ""),
        effective=meta.get("effective", ""),
        owner=meta.get("owner", ""),
        status=meta.get("status", "In force"),
        revisions=tuple(tuple(row) for row in meta.get("revisions", [])),
        blocks=tuple(_block(group) for group in _groups(body)),
    )


def spans(text: str) -> list[tuple[str, bool]]:
    """Split text into runs; True marks the bold ones."""
    return [(run, index % 2 == 1) for index, run in enumerate(text.split("**")) if run]


def _groups(body: str) -> list[list[str]]:
    groups: list[list[str]] = []
    fenced = False
    for line in [*body.splitlines(), ""]:
        if line.startswith("```"):
            fenced = not fenced
        if not line.strip() and not fenced:
            groups.append([])
        elif line.startswith("#"):
            groups += [[line], []]
        else:
            if not groups:
                groups.append([])
            groups[-1].append(line)
    return [group for group in groups if group]


def _block(lines: list[str]) -> Block:
    first, text = lines[0], " ".join(line.strip() for line in lines)
    if first.startswith("#"):
        marks, title = first.split(" ", 1)
        return Heading(level=len(marks), text=title)
    if first.startswith("```org"):
        return OrgChart(tuple((name.strip(), role.strip()) for name, role in (line.split("|") for line in lines[1:-1])))
    if first.startswith("|"):
        rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
        return Table((rows[0], *rows[2:]))
    if first.startswith("- "):
        return Items(tuple(item.strip() for item in ("\n" + "\n".join(lines)).split("\n- ")[1:]), numbered=False)
    if first.startswith("1. "):
        return Items(tuple(line.split(". ", 1)[1] for line in lines), numbered=True)
    if first.startswith("> "):
        return Callout(text.replace("> ", ""))
    if first.startswith("??? "):
        return Notes(text.removeprefix("??? "))
    if first == "---":
        return PageBreak()
    return Paragraph(text)
