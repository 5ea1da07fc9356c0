"""What the reader says, from what it quotes: sentences one after the other, several rows as a table, several items as a list.

Each piece is followed by the number of its passage. Only citations stand in brackets, so a passage cannot fake one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from stoa.adapters.engines.structures import Listing, Structure, Table

REFUSAL = "The documents I may read do not answer this."

_BRACKETED = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Quote:
    """One piece of an answer and the number of the passage it stands in; `of` is the table or list that it is from."""

    text: str
    number: int
    of: Structure | None = field(default=None, compare=False, repr=False)


def written(quotes: Sequence[Quote]) -> str:
    """The answer as Markdown, or the refusal."""
    return "\n\n".join(_blocks(quotes)) or REFUSAL


def _blocks(quotes: Sequence[Quote]) -> Iterator[str]:
    sentences: list[str] = []
    for _, each in groupby(quotes, key=_origin):
        those = list(each)
        structure = those[0].of
        if structure is None or (len(those) == 1 and those[0].text in structure.said):  # a row alone reads as a sentence
            sentences += (f"{_plain(one.text)} [{one.number}]" for one in those)
            continue
        if sentences:
            yield " ".join(sentences)
            sentences = []
        yield _table(structure.columns, those) if isinstance(structure, Table) else _list(structure.lead_in, those)
    if sentences:
        yield " ".join(sentences)


def _origin(quote: Quote) -> object:
    """The same for all that goes into one table or list, which may lie in several passages."""
    match quote.of:
        case None:
            return None
        case Table(heading=heading, columns=columns) if columns:
            return heading, columns
        case Listing(heading=heading, numbers=(int(), *_)) if heading:
            return heading
        case structure:
            return id(structure)


def _table(columns: Sequence[str], quotes: Sequence[Quote]) -> str:
    rows: list[list[str]] = []
    for quote in quotes:
        assert isinstance(quote.of, Table)
        rows.append([_cell(cell) for cell in quote.of.rows[quote.of.said.index(quote.text)]])
        rows[-1][-1] = f"{rows[-1][-1]} [{quote.number}]".strip()
    width = max(len(columns), *map(len, rows))
    lines = [[_cell(column) for column in columns], ["---"] * width, *rows]
    return "\n".join("| " + " | ".join([*line, *[""] * (width - len(line))]) + " |" for line in lines)


def _list(lead_in: str, quotes: Sequence[Quote]) -> str:
    """The items, with the lead-in above them."""
    return "\n".join([*([_plain(lead_in), ""] if lead_in else []), *(item for quote in quotes for item in _items(quote))])


def _items(quote: Quote) -> Iterator[str]:
    """The item, or each one of a list that is quoted as a whole."""
    assert isinstance(quote.of, Listing)
    for said, item, number in zip(quote.of.said, quote.of.items, quote.of.numbers, strict=True):
        if said == quote.text or quote.text not in quote.of.said:
            yield f"{f'{number}.' if number else '-'} {_plain(item)} [{quote.number}]"


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    return _BRACKETED.sub(r"(\1)", text)
