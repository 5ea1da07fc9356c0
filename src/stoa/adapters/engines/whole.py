"""Questions for all of something: the list or the table that holds it answers, or those of its rows that fit.

`What are the steps to approval?` asks for a list that stands below a heading of that name; `Which suppliers are approved for
vials?` for the rows of a table of suppliers that speak of vials. Every word of meaning has to be found: in what is written over
the list, or in each row that is taken. What fits only half is no case for this, but for the sentences that answer best.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stoa.adapters.engines.evidence import NumberedPassage
from stoa.adapters.engines.sentences import units
from stoa.adapters.engines.structures import Listing, Structure, Table
from stoa.adapters.engines.words import content_words, stem, stems
from stoa.adapters.engines.writing import Quote

MOST_ROWS = 20
"""Of more, an answer would be the document."""

NAMED = 0.3
"""Least share of the words of meaning that stands over the rows, where the others pick some of them."""

_ASKS = re.compile(
    r"^\W*(?:(?:please|can you|could you)\s+)*(?:list|enumerate|show|give|name)\b|\bwhat (?:are|were)\b"
    r"|\b(?:which|what) (?:[\w-]+ ){1,3}?(?:is|are|was|were|have|has|do|does|must|may|can|should|need)\b"
    r"|\b(?:steps|checklist|table|overview) (?:of|to|for|in)\b",
    re.IGNORECASE,
)
_HOW = re.compile(r"\bhow (?:do|can|should|must) (?:i|we|you|one)\b", re.IGNORECASE)
_FORM = frozenset(
    "list lists table tables step steps overview checklist enumerate show give all complete full different various "  # noqa: SIM905 - as prose it can be read
    "existing there exist".split()
)


@dataclass(frozen=True, slots=True)
class _Held:
    """The rows of a structure, and the stems of what stands over it: its heading, its columns or lead-in, and all headings."""

    title: str
    rows: list[Quote]
    heading: frozenset[str]
    own: frozenset[str]
    over: frozenset[str]


def asks_for_all(question: str) -> bool:
    """Whether it asks for several things of a kind, or for the steps of something."""
    return _ASKS.search(question) is not None or _HOW.search(question) is not None


def whole(asked: str, passages: Sequence[NumberedPassage]) -> list[Quote]:
    """The rows or items that answer a question for all of something, in the order of the passages; else none.

    A table or a numbered list that was cut into several passages is put together again as far as they are there.
    """
    wanted = {stem(word) for word in content_words(asked) if word not in _FORM}
    if not wanted or not asks_for_all(asked):
        return []
    best: list[Quote] = []
    most = (0, 0)
    for held in _held(passages):
        if _HOW.search(asked) and not _is_numbered(held.rows[0].of):
            continue
        left = (wanted - held.over) | {word for word in wanted if _tells_apart(word, held.rows)}
        named = (len(wanted & held.own), len(wanted & held.heading))
        if named[0] and named > most and len(left) <= len(wanted) * (1 - NAMED):
            taken = [row for row in held.rows if left.issubset(stems(row.text))]
            if (2 if not left else 1) <= len(taken) <= MOST_ROWS:
                best, most = taken, named
    return best


def alike(asked: str, row: str, passages: Sequence[NumberedPassage]) -> list[Quote]:
    """The rows of the table that a row is from, in whatever passages, that say as much of what is asked for as it does."""
    held = next(held for held in _held(passages) if any(each.text == row for each in held.rows))
    wanted = {stem(word) for word in content_words(asked)}.intersection(stems(row))
    return [each for each in held.rows if wanted.issubset(stems(each.text))]


def _tells_apart(word: str, rows: Sequence[Quote]) -> bool:
    """Whether most rows of a table, but not all, have the word in one column: `approved`, where some are not."""
    tables = [row.of.rows[row.of.said.index(row.text)] for row in rows if isinstance(row.of, Table)]
    for cells in zip(*tables, strict=False):
        having = sum(word in stems(cell) for cell in cells)
        if len(cells) / 2 < having < len(cells):
            return True
    return False


def _is_numbered(structure: Structure | None) -> bool:
    return isinstance(structure, Listing) and structure.numbers[0] is not None


def _held(passages: Sequence[NumberedPassage]) -> list[_Held]:
    """Each list and each table, with what goes on in other passages; steps by their numbers, rows as the passages come."""
    found: list[_Held] = []
    for passage in passages:
        for structure in {id(unit.of): unit.of for unit in units(passage.text)}.values():
            if structure is None:
                continue
            rows = [Quote(said, passage.number, structure) for said in structure.said]
            before = next((held for held in found if held.title == passage.title and _goes_on(held.rows, structure)), None)
            if before:
                before.rows.extend(rows)
                continue
            over = structure.lead_in if isinstance(structure, Listing) else " ".join(structure.columns)
            heading = frozenset(stems(f"{passage.title.rpartition(' > ')[2]} {structure.heading}"))
            own = heading.union(stems(over))
            found.append(_Held(passage.title, rows, heading, own, own.union(stems(passage.title))))
    for held in found:
        if _is_numbered(held.rows[0].of):
            held.rows.sort(key=_step)
    return found


def _goes_on(rows: Sequence[Quote], structure: Structure) -> bool:
    """Whether it is a further part of the table or the list that the rows are from."""
    first = rows[0].of
    match first, structure:
        case Table(), Table():
            return bool(first.columns) and (first.heading, first.columns) == (structure.heading, structure.columns)
        case Listing(), Listing():
            known = {_step(row) for row in rows}
            return (
                first.heading == structure.heading
                and _is_numbered(first)
                and _is_numbered(structure)
                and known.isdisjoint(number or 0 for number in structure.numbers)
            )
        case _:
            return False


def _step(row: Quote) -> int:
    assert isinstance(row.of, Listing)
    return row.of.numbers[row.of.said.index(row.text)] or 0
