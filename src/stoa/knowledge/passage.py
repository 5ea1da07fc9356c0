"""Opening a citation: the passage in the text it was taken from, wherever that is now, with what stands around it."""

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


def find_cited(text: str, *, start: int, end: int, cited: str) -> tuple[int, int] | None:
    """Where a passage that was cited from these characters stands now: there, else at the nearest place; None when nowhere.

    A part of a table is cited with the table's header in front of it, so it is its end that is looked for.
    """
    own = cited[-(end - start) :] if end - start > 0 else cited
    if not own.strip():
        return None
    if text[start:end] == own:
        return start, end
    before, behind = text.rfind(own, 0, start + len(own)), text.find(own, max(start, 0))
    places = [place for place in (before, behind) if place >= 0]
    if not places:
        return None
    nearest = min(places, key=lambda place: abs(place - start))
    return nearest, nearest + len(own)


def _heading_at(document: ParsedDocument, offset: int) -> tuple[str, ...]:
    path: list[tuple[int, str]] = []
    for heading in document.headings:
        if heading.start > offset:
            break
        path = [*(above for above in path if above[0] < heading.level), (heading.level, heading.text)]
    return tuple(name for _, name in path)
