"""PDF through pypdfium2: pages, paragraphs, headings by the look of their letters, tables, code and footnotes.

A page holds letters at places and nothing else; what is said here of paragraphs and tables is a good guess. Pages without
letters are recognised where that is set up, else they are named.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pypdfium2 as pdfium

from stoa.adapters.parsers.clean import clean, key_of, running_keys
from stoa.adapters.parsers.pdf_blocks import Block, blocks_of, look_of
from stoa.adapters.parsers.pdf_lines import Line, lines_of, pitch
from stoa.adapters.parsers.pdf_tables import markdown
from stoa.adapters.parsers.pdf_words import PageWords, Rule, read_words
from stoa.domain.documents import Heading, ParsedDocument
from stoa.errors import Unreadable

Recognise = Callable[[pdfium.PdfPage], PageWords | None]
"""The words in a picture of a page, None where they could not be recognised."""

_FEW_LETTERS = 20
_PICTURED = 0.3
"""A page of few letters that pictures cover by this share is a scanned one."""

_APART, _LEAST_APART = 1.4, 8.0
"""Running heads stand so many times the usual distance from the text, and so many points at least."""

_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)")


@dataclass(slots=True)
class _Page:
    """A page read: its regions in order, the rules on it, and whether it is a picture that could not be read."""

    regions: list[list[Line]] = field(default_factory=list[list[Line]])
    rules: Sequence[Rule] = ()
    unread: bool = False

    @property
    def lines(self) -> list[Line]:
        return [line for region in self.regions for line in region]


def read_pdf(data: bytes, recognise: Recognise | None = None) -> ParsedDocument:
    """All pages in order. Raises Unreadable for a file that is encrypted or broken."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise Unreadable("The PDF is encrypted; save it without a password.") from None
        raise Unreadable(f"The PDF is broken: {error}") from None
    try:
        about = document.get_metadata_dict()
        pages = [_page(document, number, recognise) for number in range(len(document))]
    finally:
        document.close()
    title = clean(str(about.get("Title", "")))
    return _composed(title if _is_title(title) else "", _date(about), pages)


def compose(title: str, date: str | None, pages: Sequence[PageWords]) -> ParsedDocument:
    """A document from the words of its pages, wherever they come from."""
    return _composed(title, date, [_Page(lines_of(page), page.rules) for page in pages])


def _page(document: pdfium.PdfDocument, number: int, recognise: Recognise | None) -> _Page:
    try:
        page = document[number]
        try:
            found = read_words(page)
            if _scanned(found):
                recognised = recognise(page) if recognise is not None else None
                if recognised is None:
                    return _Page(lines_of(found), found.rules, unread=True)
                found = recognised
            return _Page(lines_of(found), found.rules)
        finally:
            page.close()
    except pdfium.PdfiumError:
        return _Page(unread=True)  # a broken page among good ones


def _scanned(page: PageWords) -> bool:
    return sum(len(word.text) for word in page.words) < _FEW_LETTERS and page.pictured > _PICTURED


def _composed(title: str, date: str | None, pages: Sequence[_Page]) -> ParsedDocument:
    running = _running(pages)
    look = look_of([line for page in pages for line in page.lines])
    found = [
        [
            block
            for region in page.regions
            for block in blocks_of([line for line in region if id(line) not in running], page.rules, look)
        ]
        for page in pages
    ]
    levels = {key: min(n, 6) for n, key in enumerate(sorted({b.heading for page in found for b in page if b.heading}), 1)}
    text, starts, headings = "", list[int](), list[Heading]()
    before: Block | None = None
    for blocks in found:
        starts.append(len(text))
        for block in blocks:
            joint, more = _continued(before, block) if before is not None else ("", "")
            if joint:
                text = text.removesuffix("\n\n").removesuffix("-" if joint == "-" else "") + joint.strip("-")
                starts[-1] = len(text)
                text += more + "\n\n"
            elif block.text:
                if block.heading:
                    headings.append(Heading(len(text), len(text) + len(block.text), levels[block.heading], block.text))
                text += block.text + "\n\n"
            before = block
        if blocks:
            before = blocks[-1]
            before.last = True
    return ParsedDocument(
        title=title or (headings[0].text if headings else ""), text=text.rstrip("\n"), headings=tuple(headings),
        pages=tuple(starts), kind="markdown", date=date, unread=tuple(n for n, page in enumerate(pages, 1) if page.unread),
    )  # fmt: skip


def _continued(above: Block, block: Block) -> tuple[str, str]:
    """How a block at the top of a page goes on with the one at the end of the page before, and what of it; empty if not.

    A table does with rows under the same columns, a paragraph in the middle of its sentence, a word that is divided at `-`.
    """
    if not above.last or above.heading or block.heading:
        return "", ""
    if above.rows and block.rows:
        rows = _rows_below(above, block)
        return ("\n", rows) if rows else ("", "")
    if above.rows or block.rows or not block.text[:1].islower() or "```" in above.text:
        return "", ""
    if re.search(r"[a-zäöüß]-$", above.text):
        return "-", block.text
    return (" ", block.text) if above.text[-1:].isalnum() or above.text.endswith(",") else ("", "")


def _rows_below(above: Block, block: Block) -> str:
    """The rows of a table but for its repeated header, where its columns stand below those of another."""
    if len(above.rows[0]) != len(block.rows[0]):
        return ""
    if any(abs(one - other) > 6 for one, other in zip(above.columns, block.columns, strict=True)):
        return ""
    rows = block.rows[1:] if block.rows[0] == above.rows[0] else block.rows
    block.rows = [above.rows[0], *rows]
    return "\n".join(markdown(block.rows).split("\n")[2:])


def _running(pages: Sequence[_Page]) -> frozenset[int]:
    """Lines, by their identity, that stand apart at the top or the bottom of a page and on others too, but for numbers."""
    gone: set[int] = set()
    for upwards in (False, True):
        edges = [_edge(page.lines, upwards=upwards) for page in pages]
        keys = running_keys([[line.text for line in edge] for edge in edges], least=2)
        gone |= {id(line) for edge in edges for line in edge if key_of(line.text) in keys}
    return frozenset(gone)


def _edge(lines: Sequence[Line], *, upwards: bool) -> Sequence[Line]:
    """The one or two lines at an end of a page that are farther from the next than lines of its text are."""
    by_height = sorted(lines, key=lambda line: line.base if upwards else -line.base)
    apart = _APART * pitch(sorted(lines, key=lambda line: -line.base))
    for count in (1, 2):
        if count < len(by_height) and abs(by_height[count].base - by_height[count - 1].base) > max(apart, _LEAST_APART):
            return by_height[:count]
    return []


def _is_title(title: str) -> bool:
    """Whether metadata names the document; programs write file names and their own into it."""
    found = title.strip().lower()
    return (
        len(found) > 2
        and not found.startswith(("untitled", "microsoft word", "(anonymous", "slide 1"))
        and not re.search(r"\.(docx?|pdf|indd|tex|dvi|qxd|pptx?)$", found)
    )


def _date(about: dict[str, str]) -> str | None:
    for name in ("ModDate", "CreationDate"):
        if (found := _DATE.match(str(about.get(name, "")))) and "01" <= found[2] <= "12" and "01" <= found[3] <= "31":
            return "-".join(found.groups())
    return None
