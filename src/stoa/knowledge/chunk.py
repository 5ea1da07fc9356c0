"""Text into chunks, sized by the embedder's own tokens and cut along headings.

A chunk never mixes the sections of two headings unless one of them is tiny; a table is cut between rows, and each part of it
starts with the table's header again. What the headings above a chunk say is kept beside it, as its context.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePosixPath

from stoa.domain.documents import ParsedDocument, Splitter
from stoa.domain.vectors import Chunk, chunk_id

WINDOW = 256
"""Tokens that the built-in embedder sees of a text, two marks included."""

CONTEXT_TOKENS = 48
"""Most of it that title and headings may take."""

TINY = 0.15
"""A section below this share of a chunk joins its neighbour."""

_TABLE = re.compile(r"(?:^[ ]{0,3}\|.*(?:\n|\Z)){2,}", re.MULTILINE)
_DELIMITER = re.compile(r"^[ ]{0,3}\|[ :|-]+\|?[ ]*$")


@dataclass(frozen=True, slots=True)
class _Section:
    """The text under one heading, the heading's own line included; `path` holds it and those above it."""

    path: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Unit:
    """A range that is not cut further; `header` is what a part of a table needs in front."""

    start: int
    end: int
    header: str = ""


class _Counted:
    """A splitter that counts a text once, though it is asked again: a section that is a chunk is counted for both."""

    def __init__(self, splitter: Splitter) -> None:
        self.split = splitter.split
        self.count = lru_cache(maxsize=32)(splitter.count)


def chunk(document: ParsedDocument, splitter: Splitter, *, tokens: int, document_id: str, path: str) -> list[Chunk]:
    """All chunks of a document in order, each of at most `tokens`, with ids that stay the same for the same text."""
    title = document.title or title_of(path)
    splitter = _Counted(splitter)
    chunks: list[Chunk] = []
    for section in _sections(document, splitter, tokens):
        heading = tuple(name for name in section.path if name != title)
        context = _context(title, heading, splitter)
        room = min(tokens, WINDOW - 2 - splitter.count(context))
        for unit in _units(document, section, splitter, room):
            text = document.text[unit.start : unit.end]
            chunks.append(
                Chunk(
                    id=chunk_id(document_id, len(chunks)), document_id=document_id, title=title, path=path, heading=heading,
                    page=document.page_at(unit.start), start=unit.start, end=unit.end, context=context,
                    text=unit.header + text,
                )
            )  # fmt: skip
    return chunks


def title_of(path: str) -> str:
    """A file's name, without folder and ending, as words."""
    stem = PurePosixPath(path).stem or path
    return " ".join(re.sub(r"[_-]+", " ", stem).split()) or path


def _context(title: str, heading: Sequence[str], splitter: Splitter) -> str:
    """Title and headings on a line each; outer headings give way, then words at the end of a title that is too long."""
    for first in range(len(heading) + 1):
        context = "\n".join(filter(None, [title, " > ".join(heading[first:])]))
        if splitter.count(context) <= CONTEXT_TOKENS:
            return context
    ranges = splitter.split(title, tokens=CONTEXT_TOKENS, markdown=False)
    return title[ranges[0][0] : ranges[0][1]] if ranges else ""


def _sections(document: ParsedDocument, splitter: Splitter, tokens: int) -> list[_Section]:
    """Sections in order; a tiny one goes with its neighbour, under the headings that both have."""
    merged: list[tuple[_Section, int]] = []
    for section in _by_heading(document):
        start, end = _trimmed(document.text, section.start, section.end)
        size = splitter.count(document.text[start:end])
        if merged:
            above, above_size = merged[-1]
            if above_size + size <= tokens and min(above_size, size) < tokens * TINY:
                joined = _Section(_shared(above.path, section.path), above.start, section.end)
                merged[-1] = (joined, above_size + size)
                continue
        merged.append((section, size))
    return [section for section, _ in merged]


def _by_heading(document: ParsedDocument) -> Iterator[_Section]:
    headings, text = document.headings, document.text
    first = headings[0].start if headings else len(text)
    if text[:first].strip():
        yield _Section((), 0, first)
    path: list[tuple[int, str]] = []
    for heading, after in pairwise([*headings, None]):
        assert heading is not None
        end = after.start if after else len(text)
        path = [*(above for above in path if above[0] < heading.level), (heading.level, heading.text)]
        leaf = after is None or after.level <= heading.level
        if leaf or text[heading.end : end].strip():  # a heading with nothing but headings under it is in their paths
            yield _Section(tuple(name for _, name in path), heading.start, end)


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    return one[:shared]


def _units(document: ParsedDocument, section: _Section, splitter: Splitter, room: int) -> list[_Unit]:
    """The section as ranges that fit into `room` tokens, as large as they can be."""
    text = document.text
    start, end = _trimmed(text, section.start, section.end)
    if splitter.count(text[start:end]) <= room:
        return [_Unit(start, end)] if start < end else []
    units: list[_Unit] = []
    for part_start, part_end, table in _parts(text, start, end):
        if splitter.count(text[part_start:part_end]) <= room:
            units.append(_Unit(part_start, part_end))
        elif table:
            units += _row_groups(text, part_start, part_end, splitter, room)
        else:
            units += _cut(text, part_start, part_end, splitter, room, markdown=document.kind == "markdown")
    return _packed(text, units, splitter, room)


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Tables, and what lies between them."""
    at = start
    for table in _TABLE.finditer(text, start, end):
        for part_start, part_end, is_table in ((at, table.start(), False), (table.start(), table.end(), True)):
            trimmed = _trimmed(text, part_start, part_end)
            if trimmed[0] < trimmed[1]:
                yield *trimmed, is_table
        at = table.end()
    trimmed = _trimmed(text, at, end)
    if trimmed[0] < trimmed[1]:
        yield *trimmed, False


def _row_groups(text: str, start: int, end: int, splitter: Splitter, room: int) -> Iterator[_Unit]:
    """Whole rows of a table, as many as fit with its header."""
    lines = text[start:end].split("\n")
    headed = len(lines) > 2 and _DELIMITER.match(lines[1]) is not None
    header = "\n".join(lines[:2]) + "\n" if headed else ""
    if splitter.count(header) > room // 2:
        header = ""
    base = splitter.count(header)
    at = group_start = start
    size = 0
    for number, line in enumerate(lines):
        tokens = splitter.count(line)
        if size and (base if group_start > start else 0) + size + tokens > room:
            yield from _group(text, group_start, at - 1, header if group_start > start else "", splitter, room)
            group_start, size = at, 0
        if number != 1 or not headed:
            size += tokens
        at += len(line) + 1
    yield from _group(text, group_start, end, header if group_start > start else "", splitter, room)


def _group(text: str, start: int, end: int, header: str, splitter: Splitter, room: int) -> Iterator[_Unit]:
    if splitter.count(header + text[start:end]) <= room:
        yield _Unit(start, end, header)
    else:  # one row alone is too long
        yield from _cut(text, start, end, splitter, room, markdown=False)


def _cut(text: str, start: int, end: int, splitter: Splitter, room: int, *, markdown: bool) -> Iterator[_Unit]:
    for first, last in splitter.split(text[start:end], tokens=room, markdown=markdown):
        if first < last:
            yield _Unit(start + first, start + last)


def _packed(text: str, units: Sequence[_Unit], splitter: Splitter, room: int) -> list[_Unit]:
    packed: list[_Unit] = []
    for unit in units:
        above = packed[-1] if packed else None
        if above and not above.header and not unit.header and splitter.count(text[above.start : unit.end]) <= room:
            packed[-1] = _Unit(above.start, unit.end)
        else:
            packed.append(unit)
    return packed


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())
