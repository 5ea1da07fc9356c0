"""What every text goes through: odd characters out, and lines that repeat on every page gone.

Cleaning moves characters, so it happens before anything counts them: readers build headings and pages on clean lines.
"""

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from stoa.domain.documents import ParsedDocument

_ODD = {
    0x00: None, 0x0B: "\n", 0x0C: "\n", 0x85: "\n", 0xA0: " ", 0xAD: None, 0x200B: None, 0x200C: None, 0x200D: None,
    0x2028: "\n", 0x2029: "\n", 0x202F: " ", 0x2060: None, 0xFEFF: None, 0xFFFE: None,
    **dict.fromkeys((*range(0x01, 0x09), *range(0x0E, 0x20), 0x7F)),
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A))),
}  # fmt: skip


def clean(text: str) -> str:
    """One kind of line end and of space; without control, zero-width and direction characters or lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_ODD)
    return text.encode("utf-8", "ignore").decode("utf-8")


def without_running_lines(pages: Sequence[Sequence[str]], *, least: int = 3) -> list[list[str]]:
    """Pages without the head and foot lines that stand on most of them, and on `least` at least; digits may differ."""
    running = running_keys(pages, least=least)
    return [[line for line in page if key_of(line) not in running] for page in pages]


def running_keys(pages: Sequence[Sequence[str]], *, least: int) -> frozenset[str]:
    """The keys of lines that stand on most pages, and on `least` at least."""
    seen = Counter(key for page in pages for key in {key_of(line) for line in page} if key)
    return frozenset(key for key, count in seen.items() if count >= max(least, 0.6 * len(pages)))


def key_of(line: str) -> str:
    """A line without what differs from page to page, empty for one that is none that repeats."""
    return re.sub(r"\d+", "#", " ".join(line.split())) if len(line) <= 120 and not line.startswith(("|", "#")) else ""


def tidy(document: ParsedDocument) -> ParsedDocument:
    """The title on one line; a first heading is the title of a document that names none."""
    title = " ".join(clean(document.title).split())
    if not title and document.headings and document.headings[0].level == 1:
        title = document.headings[0].text
    return msgspec.structs.replace(document, title=title[:300])
