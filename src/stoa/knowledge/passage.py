"""Opening a citation: the passage in the text it was taken from, with what stands before and after it."""

from dataclasses import dataclass

from stoa.domain.documents import ParsedDocument
from stoa.errors import InvalidRequest

AROUND = 800
"""Characters shown on each side, up to the next paragraph."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A passage in its surroundings."""

    page: int | None
    heading: tuple[str, ...]
    before: str
    passage: str
    after: str


def open_passage(document: ParsedDocument, *, start: int, end: int) -> Opened:
    """The characters from start to end. Raises InvalidRequest when there are none."""
    text = document.text
    if not 0 <= start < end or start >= len(text):
        raise InvalidRequest(f"The text has characters 0 to {len(text)}; {start} to {end} is no part of it.", param="start")
    end = min(end, len(text))
    first, last = max(0, start - AROUND), min(len(text), end + AROUND)
    if first > 0 and (border := text.find("\n\n", first, start)) >= 0:
        first = border + 2
    if last < len(text) and (border := text.rfind("\n\n", end, last)) > end:
        last = border
    return Opened(
        page=document.page_at(start), heading=_heading_at(document, start),
        before=text[first:start], passage=text[start:end], after=text[end:last],
    )  # fmt: skip


def _heading_at(document: ParsedDocument, offset: int) -> tuple[str, ...]:
    path: list[tuple[int, str]] = []
    for heading in document.headings:
        if heading.start > offset:
            break
        path = [*(above for above in path if above[0] < heading.level), (heading.level, heading.text)]
    return tuple(name for _, name in path)
