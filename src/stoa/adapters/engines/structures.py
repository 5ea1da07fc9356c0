"""Tables and lists of a passage, as they stand there: an answer that takes several of their rows keeps their form."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stoa.adapters.engines.markup import clean

ITEM = re.compile(r"\s*(?:[-*+•‣◦–]|\(?(?P<number>\d{1,2})[.)]|\(?[a-z][.)])\s+(?=\S)")
RULE = re.compile(r"\s*\|?[\s:|-]*-[\s:|-]*\|?\s*$")

_CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Table:
    """`said` is what a sentence would say of each row, `column: value; column: value`; rows without a word are left out.

    Each row has a cell for each column; `columns` is empty where a table has no header, or was cut off from it.
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """`said` is each item with the lead-in before it, if there is one; `numbers` are those of steps, None for each bullet.

    The first of a list that was cut may be any number.
    """

    heading: str
    lead_in: str
    items: tuple[str, ...]
    said: tuple[str, ...]
    numbers: tuple[int | None, ...]


Structure = Table | Listing


def table(lines: Sequence[str], heading: str) -> Table:
    """Of lines of Markdown, cells cleaned."""
    grid = [[clean(cell) for cell in _CELLS.split(line.strip().strip("|"))] for line in lines if not RULE.match(line)]
    headed = len(lines) > 1 and RULE.match(lines[1]) is not None and _says(grid[0][0])
    columns = grid[0] if headed else []
    rows = [[cell if _says(cell) else "" for cell in cells] for cells in (grid[1:] if headed else grid)]
    told = [(row, "; ".join(_named(columns, row))) for row in rows]
    return Table(
        heading,
        tuple(columns),
        tuple((*row, *[""] * (len(columns) - len(row))) for row, said in told if said),
        tuple(said for _, said in told if said),
    )


def records(lines: Sequence[str], heading: str) -> Table:
    """Of lines that say `field: value; field: value`: a table where all have the same fields, or one without columns."""
    said = [clean(line) for line in lines]
    fields = [[field.partition(": ") for field in line.split("; ")] for line in said]
    names = [tuple(name for name, _, _ in line) for line in fields]
    if len(set(names)) == 1:
        return Table(heading, names[0], tuple(tuple(value for _, _, value in line) for line in fields), tuple(said))
    return Table(heading, (), tuple((line,) for line in said), tuple(said))


def listing(lines: Sequence[str], lead_in: str, heading: str) -> Listing:
    """Of lines that begin with a mark each, wrapped ones below."""
    items: list[str] = []
    numbers: list[int | None] = []
    for line in lines:
        if mark := ITEM.match(line):
            numbers.append(int(mark["number"]) if mark["number"] else None)
            items.append(line[mark.end() :])
        elif line.strip():
            items[-1] += " " + line.strip()
    cleaned = tuple(clean(item) for item in items)
    return Listing(heading, lead_in, cleaned, tuple(f"{lead_in} {item}".strip() for item in cleaned), tuple(numbers))


def _named(columns: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    for at, cell in enumerate(row):
        if cell:
            yield f"{columns[at]}: {cell}" if at < len(columns) and columns[at] else cell


def _says(cell: str) -> bool:
    """Whether there is more in a cell than a bullet or a dash. The corner of a table may be empty."""
    return not cell or re.search(r"\w", cell) is not None
